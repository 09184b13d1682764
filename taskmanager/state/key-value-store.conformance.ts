import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { KeyValueStore, StoreEntry, StoreRange, StoreWrite } from './key-value-store.ts';

/** Above every key that these tests write, of at most three bytes or of 256. */
const EVERYTHING: StoreRange = { from: '', to: '\xff\xff\xff\xff' };
const bytes = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\x7f', '\x80', '\xff'), minLength: 1, maxLength: 3 });
const anyWrite: fc.Arbitrary<StoreWrite> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key: bytes, value: bytes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: bytes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-range' as const), from: bytes, to: bytes }) },
);

/** What every key-value store must do; `make` gives an empty one. */
export function keyValueStoreConformance(name: string, make: () => Promise<KeyValueStore>): void {
  describe(`${name} as a key-value store`, () => {
    let store: KeyValueStore;
    beforeAll(async () => {
      store = await make();
    });
    afterAll(async () => {
      await store.close();
    });

    test('behaves like a sorted map under random batches, reads, ranges and snapshots', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(anyWrite, { maxLength: 12 }), { maxLength: 8 }),
          bytes,
          bytes,
          async (batches, from, to) => {
            await store.apply([{ kind: 'delete-range', ...EVERYTHING }]);
            const model = new Map<Binary, Binary>();
            const pinned: { model: StoreEntry[]; scan: () => Promise<StoreEntry[]>; release: () => Promise<void> }[] =
              [];
            for (const batch of batches) {
              const snapshot = store.snapshot();
              const scan = async (): Promise<StoreEntry[]> => await collect(snapshot.scan(EVERYTHING, 3));
              pinned.push({
                model: sorted(model, EVERYTHING),
                scan,
                release: async () => {
                  await snapshot.release();
                },
              });
              await store.apply(batch);
              applyToModel(model, batch);
            }

            const keys = [...model.keys(), from, to];
            expect(await store.getMany(keys)).toStrictEqual(keys.map((key) => model.get(key)));
            expect(await collect(store.scan(EVERYTHING, 2))).toStrictEqual(sorted(model, EVERYTHING));
            expect(await collect(store.scan({ from, to }, 100))).toStrictEqual(sorted(model, { from, to }));
            for (const moment of pinned) {
              expect(await moment.scan()).toStrictEqual(moment.model);
              await moment.release();
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    test('keeps empty values apart from absent ones', async () => {
      await store.apply([{ kind: 'put', key: 'empty', value: '' }]);

      expect(await store.getMany(['empty', 'empty-not'])).toStrictEqual(['', undefined]);
    });

    test('keeps all bytes of keys and values', async () => {
      const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
      await store.apply([{ kind: 'put', key: all, value: all + all }]);

      expect(await store.getMany([all])).toStrictEqual([all + all]);
    });

    test('holds many keys in order, and a scan sees one moment while batches go on', async () => {
      const keys = Array.from({ length: 5_000 }, (_, i) => `many/${String((i * 7_919) % 5_000).padStart(5, '0')}`);
      await store.apply(keys.map((key) => ({ kind: 'put', key, value: key })));
      const range = { from: 'many/', to: 'many0' };

      const seen: Binary[] = [];
      for await (const batch of store.scan(range, 100)) {
        seen.push(...batch.map((entry) => entry.key));
        await store.apply([{ kind: 'put', key: `many/${String(seen.length).padStart(5, '0')}x`, value: 'new' }]);
      }

      expect(seen).toStrictEqual(keys.toSorted());
      await store.apply([{ kind: 'delete-range', ...range }]);
      expect(await collect(store.scan(range, 100))).toStrictEqual([]);
    });

    test('lets a scan be left early', async () => {
      await store.apply([
        { kind: 'put', key: 'left/1', value: '1' },
        { kind: 'put', key: 'left/2', value: '2' },
      ]);

      for await (const batch of store.scan({ from: 'left/', to: 'left0' }, 1)) {
        expect(batch).toHaveLength(1);
        break;
      }
    });

    test('answers many reads at once', async () => {
      await store.apply([{ kind: 'put', key: 'shared', value: 'v' }]);

      const answers = await Promise.all(
        Array.from({ length: 50 }, async () => await store.getMany(['shared', 'none'])),
      );

      expect(answers.every(([value, none]) => value === 'v' && none === undefined)).toBe(true);
    });
  });
}

function applyToModel(model: Map<Binary, Binary>, writes: readonly StoreWrite[]): void {
  for (const write of writes) {
    if (write.kind === 'put') {
      model.set(write.key, write.value);
    } else if (write.kind === 'delete') {
      model.delete(write.key);
    } else {
      sorted(model, write).forEach(({ key }) => model.delete(key));
    }
  }
}

function sorted(model: ReadonlyMap<Binary, Binary>, { from, to }: StoreRange): StoreEntry[] {
  const entries = [...model].map(([key, value]) => ({ key, value }));
  return entries.filter(({ key }) => key >= from && key < to).sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function collect(batches: AsyncIterable<readonly StoreEntry[]>): Promise<StoreEntry[]> {
  const entries: StoreEntry[] = [];
  for await (const batch of batches) {
    entries.push(...batch);
  }
  return entries;
}
