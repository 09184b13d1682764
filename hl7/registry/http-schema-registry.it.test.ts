// The HTTP client against a real registry, when there is one:
//   SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 (Confluent, Redpanda, Karapace), or Apicurio's http://127.0.0.1:8080/apis/ccompat/v7
// Apicurio without a container: the Maven artifact io.apicurio:apicurio-registry-app:2.6.13.Final:all:tar.gz, unpacked, starts by
//   java -Dquarkus.http.port=8080 -jar apicurio-registry-app-2.6.13.Final-runner.jar        (in memory, in about 5 s)
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { schemaRoutes } from '../schemas/record-schema.ts';
import { HttpSchemaRegistry } from './http-schema-registry.ts';
import { schemaRegistryConformance } from './schema-registry.conformance.ts';
import { settleContracts } from './settle-contracts-loop.ts';

const url = process.env['SCHEMA_REGISTRY_URL'];

test('the url of a real registry, when one is given, is one', () => {
  expect(url === undefined || URL.canParse(url)).toBe(true);
});

describe.runIf(url !== undefined)('a real registry', () => {
  const registry = new HttpSchemaRegistry({ urls: [url ?? ''] });

  schemaRegistryConformance('it', async () => {
    return await Promise.resolve({ registry, prefix: `${randomUUID()}-`, close: async () => await Promise.resolve() });
  });

  test('it takes the schemas of all topics under FORWARD, and again', async () => {
    const run = randomUUID();
    const policy = { topicOf: (route: string) => `${run}.${route}`, source: 'register', whenAway: 'fail' } as const;
    const signal = AbortSignal.timeout(60_000);

    const first = await settleContracts(registry, policy, signal);
    const again = await settleContracts(registry, policy, signal);

    expect(first).toMatchObject({ kind: 'settled', warnings: [] });
    expect(Object.keys(first.kind === 'settled' ? first.contracts : {})).toStrictEqual([...schemaRoutes]);
    expect(again).toStrictEqual(first);
  });
});
