import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCheckpointId, parseKeyGroup } from '../ids.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';
import { MemorySnapshotStore } from '../snapshot-store/memory-snapshot-store.ts';
import { streamOf } from './merge-entries.ts';
import { mergeSegments } from './merge-segments.ts';
import { bundlesOf, planBase } from './plan-base.ts';
import { planMerge } from './plan-merge.ts';
import { readSegment } from './read-segment.ts';
import { SegmentCatalog } from './segment-catalog.ts';
import type { SegmentRef } from './segment-ref.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { StateEntry } from './state-entry.ts';
import { deltaLabel, writeSegments } from './write-segments.ts';

const call = { deadlineMs: 1_000, signal: new AbortController().signal };
const everything = groups(0, 32_767);

describe('a segment', () => {
  test('gives back its entries, whole and for any range of key groups, reading no more than the blocks that hold them', async () => {
    const store = new MemorySnapshotStore();
    const entry = fc.tuple(
      fc.nat({ max: 40 }),
      fc.string({ unit: 'binary-ascii', maxLength: 6 }),
      fc.constantFrom('put', 'delete', 'clear'),
      fc.nat({ max: 3_000 }),
    );
    let objects = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 300 }),
        fc.nat({ max: 40 }),
        fc.nat({ max: 40 }),
        async (raw, a, b) => {
          const entries = sortedEntries(raw);
          const writing = writingTo(store, () => `s${(objects += 1)}`, { inlineBytesMax: 200, objectBytes: 60_000 });
          const refs = await writeSegments(
            inBatches(entries),
            deltaLabel(everything, parseCheckpointId(1n), () => 0),
            writing,
          );

          for (const range of [everything, groups(Math.min(a, b), Math.max(a, b))]) {
            const read: StateEntry[] = [];
            for (const ref of refs) {
              for await (const batch of readSegment(ref, range, { store, call, fetchBytes: 4_096 })) {
                read.push(...batch);
              }
            }
            expect(read).toStrictEqual(entries.filter(({ key }) => isIn(key, range)));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('of many key groups is read in part', async () => {
    const store = new MemorySnapshotStore();
    const value = Array.from({ length: 400 }, (_, i) => String.fromCharCode((i * 7_919) % 256)).join('');
    const entries = Array.from({ length: 8_000 }, (_, i) => put(keyOf(i >> 3, `k${i % 8}`), value + String(i)));
    const [ref] = await writeSegments(
      streamOf(entries),
      deltaLabel(everything, parseCheckpointId(1n), () => 0),
      writingTo(store, () => 'one'),
    );
    const before = store.bytesRead;

    const read = await collect(store, ref!, groups(500, 503), 4_096);

    expect(read).toHaveLength(32);
    expect(store.bytesRead - before).toBeLessThan(ref!.length / 4);
  });

  test('that was cut, changed or replaced is refused, by block and whole', async () => {
    const store = new MemorySnapshotStore();
    const entries = Array.from({ length: 2_000 }, (_, i) => put(keyOf(i, 'k'), `value ${i * 31}`.repeat(9)));
    const [ref] = await writeSegments(
      streamOf(entries),
      deltaLabel(everything, parseCheckpointId(1n), () => 0),
      writingTo(store, () => 'good'),
    );
    const answer = await store.get('good', call);
    const bytes = answer.kind === 'found' ? answer.bytes : Buffer.alloc(0);
    for (const [name, damage] of [
      [
        'flipped',
        (b: Buffer): Buffer => {
          b[200] = (b[200] ?? 0) ^ 1;
          return b;
        },
      ],
      ['cut', (b: Buffer): Buffer => b.subarray(0, b.length - 1)],
      [
        'index',
        (b: Buffer): Buffer => {
          b[b.length - 30] = (b[b.length - 30] ?? 0) ^ 1;
          return b;
        },
      ],
    ] as const) {
      await store.put(name, damage(Buffer.from(bytes)), call);
      const damaged = { ...ref!, location: { kind: 'object' as const, key: name } };
      await expect(collect(store, damaged, everything, 1 << 20)).rejects.toThrow(
        /segment-corrupt|sha256|checksum|ends/,
      );
      await expect(collect(store, damaged, everything, 512)).rejects.toThrow(/checksum|ends|end as a segment|outside/);
    }
    await expect(
      collect(store, { ...ref!, location: { kind: 'object', key: 'none' } }, everything, 512),
    ).rejects.toThrow('no such object');
  });

  test('has the bytes that format 1 has always had', () => {
    const writer = new SegmentWriter(false);
    for (const e of goldenEntries) {
      writer.add(e);
    }

    expect(writer.finish().bytes.toString('base64')).toBe(GOLDEN);
  });

  test('of an earlier commit, compressed as then, is still read', async () => {
    for (const golden of [GOLDEN, GOLDEN_ZSTD]) {
      const bytes = Buffer.from(golden, 'base64');
      const { createHash } = await import('node:crypto');
      const ref: SegmentRef = {
        kind: 'delta',
        location: { kind: 'inline', bytes },
        length: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        range: everything,
        from: { checkpoint: parseCheckpointId(1n), part: 0 },
        to: { checkpoint: parseCheckpointId(1n), part: 0 },
      };

      expect(await collect(new MemorySnapshotStore(), ref, everything, 100)).toStrictEqual(goldenEntries);
    }
  });
});

describe('merging segments', () => {
  test('changes nothing of the state, whatever the planner chooses', async () => {
    const layer = fc.array(
      fc.tuple(
        fc.nat({ max: 5 }),
        fc.constantFrom('a', 'b', 'c'),
        fc.constantFrom('put', 'put', 'delete', 'clear'),
        fc.nat({ max: 60 }),
      ),
      { maxLength: 12 },
    );
    let objects = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(layer, { minLength: 4, maxLength: 24 }), async (layers) => {
        const store = new MemorySnapshotStore();
        const catalog = new SegmentCatalog(groups(0, 5), []);
        const writing = writingTo(store, () => `s${(objects += 1)}`, { inlineBytesMax: 150, objectBytes: 700 });
        const reading = { store, call, fetchBytes: 300 };
        const all: StateEntry[][] = [];
        for (const [i, raw] of layers.entries()) {
          const checkpoint = parseCheckpointId(BigInt(i + 1));
          all.push(sortedEntries(raw));
          catalog.add(
            await writeSegments(
              inBatches(all.at(-1)!),
              deltaLabel(groups(0, 5), checkpoint, () => catalog.partsOf(checkpoint)),
              writing,
            ),
          );
          for (
            let run = planMerge(catalog.refs, checkpoint);
            run !== undefined;
            run = planMerge(catalog.refs, checkpoint)
          ) {
            expect(catalog.replace(run, await mergeSegments(run, reading, writing))).toBe(true);
          }
        }

        const read: StateEntry[][] = [];
        for (const ref of catalog.refs) {
          read.push(await collect(store, ref, everything, 300));
        }
        expect(effectOf(read)).toStrictEqual(effectOf(all));
      }),
      { numRuns: 200 },
    );
  });

  test('keeps the number of segments logarithmic and rewrites each byte few times', () => {
    let refs: SegmentRef[] = [];
    let rewritten = 0;
    for (let i = 1; i <= 1_000; i += 1) {
      const checkpoint = parseCheckpointId(BigInt(i));
      refs = [...refs, fakeRef(i, 1_000)];
      for (let run = planMerge(refs, checkpoint); run !== undefined; run = planMerge(refs, checkpoint)) {
        const chosen = run;
        const bytes = chosen.reduce((sum, ref) => sum + ref.length, 0);
        rewritten += bytes;
        const merged = { ...chosen.at(-1)!, from: chosen[0]!.from, length: bytes };
        refs = refs.flatMap((ref) => (ref === chosen.at(-1) ? [merged] : chosen.includes(ref) ? [] : [ref]));
      }
    }

    expect(refs.length).toBeLessThan(24);
    expect(rewritten / 1_000_000).toBeLessThan(8);
  });

  test('leaves alone what is not completed, and what another range lies between', () => {
    const refs = [1, 2, 3, 4].map((i) => fakeRef(i, 100));
    expect(planMerge(refs, parseCheckpointId(4n))).toHaveLength(4);
    expect(planMerge(refs, parseCheckpointId(3n))).toBeUndefined();

    const between = [...refs.slice(0, 3), { ...fakeRef(3, 100), range: groups(3, 9) }, ...refs.slice(3)];
    expect(planMerge(between, parseCheckpointId(4n))).toBeUndefined();
  });
});

describe('the catalog', () => {
  test('describes deltas of aborted checkpoints with the next one, and forgets them only on rollback', () => {
    const catalog = new SegmentCatalog(groups(0, 9), []);
    catalog.add([fakeRef(1, 10)]);
    catalog.add([fakeRef(2, 10)]);
    catalog.add([fakeRef(3, 10)]);

    expect(catalog.describe(parseCheckpointId(3n)).map(({ to }) => to.checkpoint)).toStrictEqual([1n, 2n, 3n]);
    expect(catalog.describe(parseCheckpointId(2n))).toHaveLength(2);
    catalog.rollback(parseCheckpointId(1n));
    expect(catalog.refs).toHaveLength(1);
  });

  test('a base takes the place of older segments in its bundle alone', () => {
    const catalog = new SegmentCatalog(groups(0, 9), []);
    catalog.add([fakeRef(1, 10), fakeRef(2, 10), fakeRef(3, 10)]);

    catalog.addBase(groups(3, 5), parseCheckpointId(2n), []);

    expect(catalog.refs.map(({ to, range }) => [Number(to.checkpoint), range.first, range.last])).toStrictEqual([
      [1, 0, 2],
      [1, 6, 9],
      [2, 0, 2],
      [2, 6, 9],
      [3, 0, 9],
    ]);
  });

  test("a restored segment counts for the subtask's own key groups only (R1)", () => {
    const catalog = new SegmentCatalog(groups(4, 6), [fakeRef(1, 10), { ...fakeRef(2, 10), range: groups(0, 3) }]);

    expect(catalog.refs.map(({ range }) => range)).toStrictEqual([groups(4, 6)]);
  });

  test('bases are planned bundle by bundle, for what has most deltas', () => {
    const policy = { bundles: 2, ratio: 1, deltaBytesMin: 100 };
    const base = { ...fakeRef(1, 1_000), kind: 'base' as const };
    expect(bundlesOf(groups(0, 9), 3)).toStrictEqual([groups(0, 2), groups(3, 5), groups(6, 9)]);
    expect(planBase([base, fakeRef(2, 900)], groups(0, 9), parseCheckpointId(2n), policy)).toBeUndefined();
    const skewed = [base, { ...fakeRef(2, 600), range: groups(5, 9) }, fakeRef(3, 500)];
    expect(planBase(skewed, groups(0, 9), parseCheckpointId(3n), policy)).toStrictEqual(groups(5, 9));
    expect(planBase(skewed, groups(0, 9), parseCheckpointId(2n), policy)).toStrictEqual(groups(5, 9));
    expect(planBase(skewed, groups(0, 9), parseCheckpointId(1n), policy)).toBeUndefined();
  });
});

const goldenEntries: StateEntry[] = [
  put('\x00\x01\x00\x01\x02p1\x00', '\x01\xa5hello'),
  { kind: 'clear', key: '\x00\x01\x00\x02\x02p1\x00' },
  put('\x00\x01\x00\x02\x02p1\x00', ''),
  put('\x00\x01\x00\x02\x02p1\x00\x01order', 'x'.repeat(300)),
  { kind: 'delete', key: '\x00\x02\x00\x01\x02p2\x00' },
  put('\x7f\xff\x00\x01\x02p3\x00', '\xff\x00'),
];
const GOLDEN =
  'TlNFRwEAAAAAAAFuAAABbk88lpEAAAAIBwABAAECcDEAAaVoZWxsbwIDBQICcDEAAAgAAAAIBqwCAW9yZGVyeHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4AQEHAgABAnAyAAAACAJ//wABAnAzAP8AAAAAAAAIAAABewABf/8AAAAAAYMAAAABq1o5JwAAAAAABgAAAAFOU0VH';
const GOLDEN_ZSTD =
  'TlNFRwEAAAAAAABPAAABbs4s3gYBKLUv/WBuAC0CADIEDxuwJekMwzAAd0lBQRB4ZAirYYc2NXRik4ablCmviytfSe0nrryFRNQxVGIDg/325lohaELoHABurpwX+wEAQ1FBGQAAAAAACAAAAFwAAX//AAAAAABkAAAAARPnGZYAAAAAAAYAAAABTlNFRw==';

function groups(first: number, last: number): KeyGroupRange {
  return { first: parseKeyGroup(first), last: parseKeyGroup(last) };
}

function keyOf(group: number, rest: string): string {
  return String.fromCharCode(group >> 8, group & 0xff) + rest;
}

function put(key: string, value: string): StateEntry {
  return { kind: 'put', key, value };
}

function isIn(key: string, { first, last }: KeyGroupRange): boolean {
  const group = (key.charCodeAt(0) << 8) | key.charCodeAt(1);
  return group >= first && group <= last;
}

/** Sorted and distinct; a clear stands before the other entry of its key. */
function sortedEntries(raw: readonly (readonly [number, string, string, number])[]): StateEntry[] {
  const clears = new Map<string, StateEntry>();
  const others = new Map<string, StateEntry>();
  for (const [group, rest, kind, size] of raw) {
    const key = keyOf(group, rest);
    if (kind === 'clear' && rest.length === 1) {
      clears.set(key, { kind: 'clear', key });
    } else {
      others.set(
        key,
        kind === 'put' ? put(key, String.fromCharCode(size % 256).repeat(size)) : { kind: 'delete', key },
      );
    }
  }
  return [...clears.values(), ...others.values()].sort((a, b) =>
    a.key === b.key ? (a.kind === 'clear' ? -1 : 1) : a.key < b.key ? -1 : 1,
  );
}

async function* inBatches(entries: readonly StateEntry[]): AsyncGenerator<readonly StateEntry[]> {
  for (let at = 0; at < entries.length; at += 7) {
    yield await Promise.resolve(entries.slice(at, at + 7));
  }
}

function writingTo(
  store: MemorySnapshotStore,
  nextKey: () => string,
  sizes = { inlineBytesMax: 0, objectBytes: 1 << 24 },
): Parameters<typeof writeSegments>[2] {
  return { store, call, nextKey, ...sizes };
}

async function collect(
  store: MemorySnapshotStore,
  ref: SegmentRef,
  range: KeyGroupRange,
  fetchBytes: number,
): Promise<StateEntry[]> {
  const entries: StateEntry[] = [];
  for await (const batch of readSegment(ref, range, { store, call, fetchBytes })) {
    entries.push(...batch);
  }
  return entries;
}

function fakeRef(checkpoint: number, length: number): SegmentRef {
  const order = { checkpoint: parseCheckpointId(BigInt(checkpoint)), part: 0 };
  const location = { kind: 'object' as const, key: `o${checkpoint}` };
  return { kind: 'delta', location, length, sha256: '', range: groups(0, 9), from: order, to: order };
}

function effectOf(layers: readonly (readonly StateEntry[])[]): [string, string][] {
  const state = new Map<string, string>();
  for (const entry of layers.flat()) {
    if (entry.kind === 'put') {
      state.set(entry.key, entry.value);
    } else if (entry.kind === 'delete') {
      state.delete(entry.key);
    } else {
      [...state.keys()].filter((key) => key.startsWith(entry.key)).forEach((key) => state.delete(key));
    }
  }
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1));
}
