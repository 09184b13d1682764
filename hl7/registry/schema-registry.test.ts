import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordSchema } from '../schemas/record-schema.ts';
import { CachedSchemas } from './cached-schemas.ts';
import { decodeConfluent, encodeConfluent } from './confluent-format.ts';
import { HttpSchemaRegistry } from './http-schema-registry.ts';
import { MemorySchemaRegistry } from './memory-schema-registry.ts';
import { startRegistryServer, type RegistryServer } from './registry-server-testing.ts';
import { compatibilityProblem } from './schema-compatibility.ts';
import { schemaRegistryConformance } from './schema-registry.conformance.ts';
import { settleContracts, type ContractPolicy } from './settle-contracts-loop.ts';

const { signal } = new AbortController();
const policy: ContractPolicy = { topicOf: (route) => `hl7.${route}`, source: 'register', whenAway: 'fail' };

schemaRegistryConformance('the memory twin', async () => {
  return await Promise.resolve({ registry: new MemorySchemaRegistry(), close: async () => await Promise.resolve() });
});

schemaRegistryConformance('the HTTP client', async () => {
  const real = await startRegistryServer();
  return { registry: new HttpSchemaRegistry({ urls: [real.url] }), close: async () => await real.close() };
});

let server: RegistryServer;
beforeEach(async () => {
  server = await startRegistryServer();
});
afterEach(async () => {
  await server.close();
});

test('the HTTP client repeats what a 5xx, a 429 or silence took from it', async () => {
  server.faults = [503, 429, 'hang'];
  const registry = new HttpSchemaRegistry({ urls: [server.url], deadlineMs: 100 });

  expect(await registry.register('s', { type: 'object' }, signal)).toMatchObject({ kind: 'ok' });
  expect(server.requests).toHaveLength(4);
});

test('a registry that stays away is told from one that says no', async () => {
  const gone = await startRegistryServer();
  await gone.close();
  server.faults = [401];

  const away = await new HttpSchemaRegistry({ urls: [gone.url], attemptsMax: 2 }).latest('s', signal);
  const refused = await new HttpSchemaRegistry({ urls: [server.url] }).latest('s', signal);

  expect(away).toMatchObject({ kind: 'away', sentence: expect.stringContaining('cannot be reached') as unknown });
  expect(refused).toMatchObject({ kind: 'refused', sentence: 'The schema registry answers 401: injected' });
});

test('the next url is tried when one is down', async () => {
  const gone = await startRegistryServer();
  await gone.close();
  const registry = new HttpSchemaRegistry({ urls: [gone.url, `${server.url}/`] });

  expect(await registry.latest('s', signal)).toStrictEqual({ kind: 'not-found' });
});

test('credentials go with every request, and subjects are escaped in paths', async () => {
  const registry = new HttpSchemaRegistry({ urls: [server.url], basic: { user: 'u', password: 'p' } });

  await registry.latest('a/b', signal);

  expect(server.authorizations).toStrictEqual([`Basic ${Buffer.from('u:p').toString('base64')}`]);
  expect(server.requests).toStrictEqual(['GET /subjects/a%2Fb/versions/latest']);
});

test('every topic gets its schema, its rule and its id before the job starts', async () => {
  const registry = new MemorySchemaRegistry();

  const settled = await settleContracts(registry, policy, signal);

  expect(settled).toMatchObject({ kind: 'settled', warnings: [] });
  expect(settled.kind === 'settled' ? settled.contracts.adt?.schema : {}).toStrictEqual(recordSchema('adt'));
  expect(settled.kind === 'settled' ? settled.contracts.adt?.id : -1).toBeGreaterThan(0);
});

test('with source latest, what the registry holds wins over what comes with the release', async () => {
  const registry = new MemorySchemaRegistry();
  const theirs = { type: 'object', required: ['encounterId'] };
  await registry.register('hl7.adt-value', theirs, signal);

  const settled = await settleContracts(registry, { ...policy, source: 'latest' }, signal);

  expect(settled.kind === 'settled' ? settled.contracts.adt?.schema : {}).toStrictEqual(theirs);
  expect(settled.kind === 'settled' ? settled.contracts.oru?.schema : {}).toStrictEqual(recordSchema('oru'));
});

test('when the registry is away the job fails to start, or starts on the built-in schemas and says so', async () => {
  const registry = new MemorySchemaRegistry();
  registry.isAway = true;

  const failed = await settleContracts(registry, policy, signal);
  const builtIn = await settleContracts(registry, { ...policy, whenAway: 'use-built-in' }, signal);

  expect(failed.kind === 'failed' ? failed.problems : []).toHaveLength(6);
  expect(builtIn.kind === 'settled' ? builtIn.warnings : []).toHaveLength(6);
  expect(builtIn.kind === 'settled' ? builtIn.contracts.adt : {}).toStrictEqual({
    schema: recordSchema('adt'),
    id: undefined,
  });
});

test('an incompatible schema stops the start even where the built-in ones may be used', async () => {
  const registry = new MemorySchemaRegistry();
  await registry.register('hl7.adt-value', { type: 'object', required: ['encounterId'] }, signal);

  const settled = await settleContracts(registry, { ...policy, whenAway: 'use-built-in' }, signal);

  expect(settled).toMatchObject({ kind: 'failed' });
});

test('a schema is looked up by id once, and then also while the registry is away', async () => {
  const registry = new MemorySchemaRegistry();
  const registered = await registry.register('s', { type: 'object' }, signal);
  const id = registered.kind === 'ok' ? registered.value : -1;
  const cached = new CachedSchemas(registry);

  await cached.schemaOf(id, signal);
  registry.isAway = true;

  expect(await cached.schemaOf(id, signal)).toStrictEqual({ kind: 'ok', value: { type: 'object' } });
  expect(await cached.schemaOf(id + 1, signal)).toMatchObject({ kind: 'away' });
});

test('adding a field to our open records is forward compatible, but not backward', () => {
  const before = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
  const after = { ...before, properties: { ...before.properties, b: { type: 'string' } } };

  expect(compatibilityProblem('FORWARD', [before], after)).toBeUndefined();
  expect(compatibilityProblem('BACKWARD', [before], after)).toContain('PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL');
  expect(compatibilityProblem('FORWARD_TRANSITIVE', [{ ...before, required: ['a', 'c'] }, before], after)).toContain(
    '/c',
  );
});

test('the Confluent frame round-trips, and JSON is never taken for a framed value', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.uint8Array(), (id, value) => {
      expect(decodeConfluent(encodeConfluent(id, value))).toStrictEqual({
        kind: 'framed',
        id,
        value: Buffer.from(value),
      });
    }),
  );
  expect(decodeConfluent(Buffer.from('{"messageType":"ADT"}'))).toStrictEqual({ kind: 'not-framed' });
  expect(decodeConfluent(Buffer.from([0, 1]))).toStrictEqual({ kind: 'not-framed' });
});
