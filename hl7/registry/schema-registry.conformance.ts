import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonSchema } from '../schemas/record-schema.ts';
import type { SchemaRegistry } from './schema-registry.ts';

export interface RegistryUnderTest {
  readonly registry: SchemaRegistry;
  /** Before every subject: a real registry keeps what earlier tests registered. */
  readonly prefix?: string;
  close(): Promise<void>;
}

/** What every implementation of `SchemaRegistry` must do. */
export function schemaRegistryConformance(name: string, open: () => Promise<RegistryUnderTest>): void {
  describe(`${name} is a schema registry`, () => {
    const { signal } = new AbortController();
    const v1 = schema({ a: 'string' }, ['a']);
    const v2 = schema({ a: 'string', b: 'string' }, ['a']);
    let underTest: RegistryUnderTest;
    let registry: SchemaRegistry;
    const subject = (name: string): string => `${underTest.prefix ?? ''}${name}`;

    beforeEach(async () => {
      underTest = await open();
      registry = underTest.registry;
    });
    afterEach(async () => {
      await underTest.close();
    });

    test('a schema is found by the id it was given and as the latest of its subject', async () => {
      const registered = await registry.register(subject('hl7.adt-value'), v1, signal);
      const id = registered.kind === 'ok' ? registered.value : -1;

      expect(await registry.schemaOf(id, signal)).toStrictEqual({ kind: 'ok', value: v1 });
      expect(await registry.latest(subject('hl7.adt-value'), signal)).toStrictEqual({
        kind: 'ok',
        value: { id, schema: v1 },
      });
    });

    test('registering the same content again gives the same id, under any subject', async () => {
      const first = await registry.register(subject('s1'), v1, signal);

      expect(await registry.register(subject('s1'), v1, signal)).toStrictEqual(first);
      expect(await registry.register(subject('s2'), v1, signal)).toStrictEqual(first);
    });

    test('what is not there is not found', async () => {
      expect(await registry.schemaOf(987_654, signal)).toStrictEqual({ kind: 'not-found' });
      expect(await registry.latest(subject('nobody'), signal)).toStrictEqual({ kind: 'not-found' });
    });

    test('under FORWARD an added optional property is accepted and a dropped required one is refused', async () => {
      await registry.setCompatibility(subject('s'), 'FORWARD', signal);
      await registry.register(subject('s'), v1, signal);

      expect(await registry.register(subject('s'), v2, signal)).toMatchObject({ kind: 'ok' });
      expect(await registry.register(subject('s'), schema({ a: 'string', b: 'string' }, []), signal)).toMatchObject({
        kind: 'incompatible',
      });
    });

    test('under NONE everything is accepted', async () => {
      await registry.setCompatibility(subject('s'), 'NONE', signal);
      await registry.register(subject('s'), v1, signal);

      expect(await registry.register(subject('s'), schema({ a: 'integer' }, []), signal)).toMatchObject({ kind: 'ok' });
    });

    test('an aborted call throws the abort and nothing else', async () => {
      await expect(registry.latest(subject('s'), AbortSignal.abort())).rejects.toThrow();
    });
  });

  function schema(properties: Record<string, string>, required: readonly string[]): JsonSchema {
    return {
      type: 'object',
      properties: Object.fromEntries(Object.entries(properties).map(([key, type]) => [key, { type }])),
      required,
    };
  }
}
