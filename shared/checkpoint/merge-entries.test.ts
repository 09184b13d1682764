import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Binary } from './binary.ts';
import { mergeEntries, streamOf } from './merge-entries.ts';
import type { StateEntry } from './state-entry.ts';

// Rows `a`, `b`, `c` (prefix-free) with entries below them; each layer changes some.
const row = fc.constantFrom('a', 'b', 'c');
const key = fc.tuple(row, fc.constantFrom('', '1', '2', '\xff')).map(([r, k]) => r + k);
const layer = fc
  .record({
    clears: fc.uniqueArray(row, { maxLength: 3 }),
    changes: fc.uniqueArray(fc.tuple(key, fc.option(fc.constantFrom('x', 'y', 'z'))), {
      selector: ([k]) => k,
      maxLength: 8,
    }),
  })
  .map(({ clears, changes }) => sortedLayer(clears, changes));

test('a merge has the effect of its inputs one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { maxLength: 5 }), layer, fc.boolean(), async (layers, base, keepDeletions) => {
      const below = keepDeletions ? base : [];

      const merged = await collect(layers, keepDeletions);

      expect(effectOf([below, merged])).toStrictEqual(effectOf([below, ...layers]));
      expect(merged.map((entry) => entry.key)).toStrictEqual(merged.map((entry) => entry.key).sort());
      expect(keepDeletions || merged.every((entry) => entry.kind === 'put')).toBe(true);
    }),
  );
});

test('a merge of merges equals the merge of all: what size-tiered merging relies on', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { minLength: 2, maxLength: 6 }), fc.nat(), async (layers, pick) => {
      const cut = 1 + (pick % (layers.length - 1));

      const older = await collect(layers.slice(0, cut), true);
      const newer = await collect(layers.slice(cut), true);

      expect(await collect([older, newer], false)).toStrictEqual(await collect(layers, false));
    }),
  );
});

test('an input that is left early is closed', async () => {
  let closed = false;
  async function* input(): AsyncGenerator<readonly StateEntry[]> {
    try {
      yield await Promise.resolve([{ kind: 'put', key: 'a', value: '1' }]);
      yield [{ kind: 'put', key: 'b', value: '1' }];
    } finally {
      closed = true;
    }
  }

  for await (const batch of mergeEntries([input()], { keepDeletions: true, batchMax: 1 })) {
    expect(batch).toHaveLength(1);
    break;
  }

  expect(closed).toBe(true);
});

async function collect(layers: readonly (readonly StateEntry[])[], keepDeletions: boolean): Promise<StateEntry[]> {
  const entries: StateEntry[] = [];
  for await (const batch of mergeEntries(layers.map(streamOf), { keepDeletions, batchMax: 2 })) {
    entries.push(...batch);
  }
  return entries;
}

function sortedLayer(clears: readonly Binary[], changes: readonly (readonly [Binary, Binary | null])[]): StateEntry[] {
  const entries: StateEntry[] = clears.map((prefix) => ({ kind: 'clear', key: prefix }));
  for (const [k, value] of changes) {
    entries.push(value === null ? { kind: 'delete', key: k } : { kind: 'put', key: k, value });
  }
  const rank = (entry: StateEntry): string => entry.key + (entry.kind === 'clear' ? '' : '\0');
  return entries.sort((a, b) => (a.key === b.key ? (rank(a) < rank(b) ? -1 : 1) : a.key < b.key ? -1 : 1));
}

function effectOf(layers: readonly (readonly StateEntry[])[]): [Binary, Binary][] {
  const state = new Map<Binary, Binary>();
  for (const entry of layers.flat()) {
    if (entry.kind === 'put') {
      state.set(entry.key, entry.value);
    } else if (entry.kind === 'delete') {
      state.delete(entry.key);
    } else {
      [...state.keys()].filter((k) => k.startsWith(entry.key)).forEach((k) => state.delete(k));
    }
  }
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1));
}
