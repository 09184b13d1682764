import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLengthPrefixed, sectionOf, sectionPrefix } from '../../shared/checkpoint/state-key-parts.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { DELETED, DirtyLayer } from './dirty-layer.ts';
import { sortedEntries, writesOf } from './layer-entries.ts';
import { parseStateKey, rowKey } from './state-key.ts';

describe('the entries of a layer', () => {
  test('are in key order however many rows a section has, and no step sorts more than a piece', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 30_000 }), (seed, count) => {
        const random = seededRandom(seed);
        const layer = new DirtyLayer(1);
        for (let i = 0; i < count; i += 1) {
          const section = sectionOf(random.below(2), 1);
          layer.set(
            section,
            rowKey(sectionPrefix(section), String(random.below(1 << 30)), ''),
            i % 5 === 0 ? DELETED : 'v',
          );
        }

        const batches = [...sortedEntries(layer.content, 256)];

        const keys = batches.flat().map((entry) => entry.key);
        expect(keys).toStrictEqual(keys.toSorted());
        const rows = Array.from(layer.content.values()).reduce((sum, section) => sum + section.size, 0);
        expect(keys).toHaveLength(rows);
        expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(256);
      }),
      { numRuns: 15 },
    );
  });

  test('of large values are cut by bytes, not only by number', () => {
    const layer = new DirtyLayer(1);
    for (let i = 0; i < 10; i += 1) {
      layer.set(1, rowKey(sectionPrefix(1), `k${i}`, ''), 'x'.repeat(600_000));
    }

    expect([...sortedEntries(layer.content, 1_000)].map((batch) => batch.length)).toStrictEqual([2, 2, 2, 2, 2]);
    expect([...writesOf(layer.content, 1_000)].map((batch) => batch.length)).toStrictEqual([2, 2, 2, 2, 2]);
  });

  test('of an emptied map are single deletes where its keys were known, a range otherwise', () => {
    const layer = new DirtyLayer(1);
    layer.setEntry(1, 'known', 'b', 'new');
    layer.clear(1, 'known', ['', 'a']);
    layer.setEntry(1, 'known', 'c', 'after');
    layer.clear(1, 'unknown', undefined);

    const writes = [...writesOf(layer.content, 100)].flat();

    expect(writes).toStrictEqual([
      { kind: 'delete', key: 'known' },
      { kind: 'delete', key: 'knowna' },
      { kind: 'delete', key: 'knownb' },
      { kind: 'put', key: 'knownc', value: 'after' },
      { kind: 'delete-range', from: 'unknown', to: 'unknowo' },
    ]);
  });

  test('are counted in bytes that go to zero with them', () => {
    const layer = new DirtyLayer(1);
    layer.setEntry(1, 'row', 'key', 'value');
    const one = layer.bytes;
    layer.setEntry(1, 'row', 'key', 'a longer value');
    layer.clear(1, 'row', undefined);
    layer.setEntry(1, 'row', 'key', 'value');

    expect(layer.bytes).toBe(one);
  });
});

describe('a state key', () => {
  test('gives back its parts, and no row begins another (K2)', () => {
    const part = fc.string({ unit: fc.constantFrom('\0', '\x01', 'a', '\x80', '\xff'), maxLength: 200 });
    fc.assert(
      fc.property(part, part, part, part, part, (key, namespace, mapKey, otherKey, otherNamespace) => {
        const section = sectionOf(300, 7);
        const row = rowKey(sectionPrefix(section), key, namespace);
        const other = rowKey(sectionPrefix(section), otherKey, otherNamespace);

        expect(parseStateKey(row + mapKey)).toStrictEqual({ section, row, key, namespace, mapKey });
        expect(other.startsWith(row)).toBe(other === row);
      }),
    );
  });

  test('that is cut short is refused', () => {
    expect(() => readLengthPrefixed('\x05abc', 0)).toThrow('ends inside');
  });
});
