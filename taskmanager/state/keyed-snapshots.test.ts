import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { streamOf } from '../../shared/checkpoint/merge-entries.ts';
import { baseLabel, writeSegments } from '../../shared/checkpoint/write-segments.ts';
import { SegmentCatalog } from '../../shared/checkpoint/segment-catalog.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { parseCheckpointId, parseKeyGroup, parseSubtaskIndex } from '../../shared/ids.ts';
import { keyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { KeyedSnapshots } from './keyed-snapshots.ts';
import { KeyedStore } from './keyed-store.ts';
import {
  LARGE,
  MAP,
  VALUE,
  copyModel,
  emptyModel,
  identity,
  keysOfModel,
  keysOfStore,
  rowOf,
  tinyLimits,
} from './keyed-store-testing.ts';
import type { Model } from './keyed-store-testing.ts';
import { MemoryKeyValueStore } from './memory-key-value-store.ts';
import { planRestore, restoreStore } from './restore-store.ts';
import { STAMP_KEY, decideLocalRecovery, formatStamp, parseStamp } from './store-stamp-wire.ts';
import type { StoreIdentity } from './store-stamp-wire.ts';

const GROUPS = 12;
const call = { deadlineMs: 1_000, signal: new AbortController().signal };

/** One subtask over its disk; the disk outlives it. */
class Subtask {
  readonly range: KeyGroupRange;
  readonly disk: MemoryKeyValueStore;
  readonly keyed: KeyedStore;
  readonly snapshots: KeyedSnapshots;

  private constructor(range: KeyGroupRange, disk: MemoryKeyValueStore, keyed: KeyedStore, snapshots: KeyedSnapshots) {
    this.range = range;
    this.disk = disk;
    this.keyed = keyed;
    this.snapshots = snapshots;
  }

  static async start(cluster: Cluster, range: KeyGroupRange, disk: MemoryKeyValueStore): Promise<Subtask> {
    const who: StoreIdentity = {
      ...identity,
      maxParallelism: GROUPS,
      firstKeyGroup: range.first,
      lastKeyGroup: range.last,
    };
    const { saved } = cluster;
    if (saved !== undefined) {
      const stamp = parseStamp((await disk.getMany([STAMP_KEY]))[0]);
      const recovery = decideLocalRecovery(stamp, who, saved.checkpoint);
      cluster.recoveries.add(recovery.kind);
      const options = {
        identity: who,
        range,
        checkpoint: saved.checkpoint,
        refs: saved.refs,
        snapshots: cluster.objects,
        call,
        memoryBytes: 1,
      };
      await restoreStore({ ...options, store: disk }, recovery);
    } else {
      await disk.apply([{ kind: 'delete-range', from: '', to: '\xff\xff' }]);
    }
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    const keyed = await KeyedStore.open({ store: disk, identity: who, limits: tinyLimits, yieldTurn, batchMax: 5 });
    const writing = { store: cluster.objects, call, nextKey: cluster.nextKey, objectBytes: 400, inlineBytesMax: 150 };
    const reading = { store: cluster.objects, call, fetchBytes: 200 };
    const catalog = new SegmentCatalog(range, saved?.refs ?? []);
    const basePolicy = { bundles: 3, ratio: 1, deltaBytesMin: 200 };
    const snapshots = new KeyedSnapshots({ store: keyed, catalog, range, writing, reading, basePolicy });
    return new Subtask(range, disk, keyed, snapshots);
  }
}

class Cluster {
  readonly random: Random;
  readonly objects: MemorySnapshotStore;
  readonly recoveries = new Set<string>();
  readonly nextKey = (): string => `state/${(this.#keys += 1)}`;
  #keys = 0;
  #last = 0n;
  faultOdds = 0;
  model: Model = emptyModel();
  saved: { checkpoint: CheckpointId; refs: SegmentRef[]; model: Model } | undefined;
  subtasks: Subtask[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const faults = ['unavailable', 'request-lost', 'answer-lost'] as const;
    this.objects = new MemorySnapshotStore({
      fault: (operation) =>
        operation === 'put' && this.random.next() < this.faultOdds ? (faults[this.random.below(3)] ?? 'none') : 'none',
    });
  }

  async start(parallelism: number, disks: readonly MemoryKeyValueStore[]): Promise<void> {
    this.model = this.saved === undefined ? emptyModel() : copyModel(this.saved.model);
    this.subtasks = [];
    for (let i = 0; i < parallelism; i += 1) {
      const range = keyGroupRange(parseSubtaskIndex(i), parallelism, GROUPS);
      this.subtasks.push(await Subtask.start(this, range, disks[i] ?? new MemoryKeyValueStore()));
    }
  }

  async write(): Promise<void> {
    const key = `k${this.random.below(30)}`;
    const group = Number(key.slice(1)) % GROUPS;
    const { keyed } = this.subtasks.find(({ range }) => group >= range.first && group <= range.last)!;
    const value =
      this.random.below(4) === 0 ? undefined : 'v'.repeat(this.random.below(40)) + String(this.random.below(1000));
    const mapKey = `m${this.random.below(5)}`;
    switch (this.random.below(5)) {
      case 0:
      case 1: {
        const { section, row } = rowOf(VALUE, group, key);
        keyed.epochs.writeValue(section, row, value);
        setOrDelete(this.model.values, row, value);
        return;
      }
      case 2: {
        const request = rowOf(MAP, group, key);
        const lease = await keyed.prefetch([request]);
        keyed.epochs.writeEntry(request.section, request.row, mapKey, value);
        lease.release();
        this.#setEntry(request.row, mapKey, value);
        return;
      }
      case 3: {
        const { section, row } = rowOf(LARGE, group, key);
        keyed.epochs.writeLargeEntry(section, row, mapKey, value);
        this.#setEntry(row, mapKey, value);
        return;
      }
      default: {
        const state = this.random.below(2) === 0 ? MAP : LARGE;
        const request = rowOf(state, group, key);
        const lease = await keyed.prefetch(state === MAP ? [request] : []);
        if (state === MAP) {
          keyed.epochs.clearMap(request.section, request.row);
        } else {
          keyed.epochs.clearLarge(request.section, request.row);
        }
        lease.release();
        this.model.maps.delete(request.row);
      }
    }
  }

  /** A checkpoint that completes, is aborted by a fault of the object store, or is given up though all was written. */
  async checkpoint(outcome: 'complete' | 'abort' | 'complete-unheard'): Promise<void> {
    this.#last += 1n;
    const checkpoint = parseCheckpointId(this.#last);
    const model = copyModel(this.model);
    this.subtasks.forEach(({ snapshots }) => snapshots.freeze(checkpoint));
    const writes = this.subtasks.map(async ({ snapshots }) => await snapshots.write(checkpoint));
    await this.write();
    const settled = await Promise.allSettled(writes);
    const acked = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    if (outcome === 'abort' || acked.length < settled.length) {
      return;
    }
    this.saved = { checkpoint, refs: acked.flat(), model };
    if (outcome === 'complete') {
      await Promise.all(
        this.subtasks.map(async ({ snapshots }) => {
          await snapshots.complete(checkpoint);
        }),
      );
    }
  }

  async maintain(): Promise<void> {
    for (const { snapshots, keyed } of this.subtasks) {
      await Promise.allSettled([snapshots.maintain(), keyed.relieve()]);
    }
  }

  async rollback(): Promise<void> {
    if (this.saved !== undefined) {
      for (const { snapshots } of this.subtasks) {
        expect(await snapshots.rollback(this.saved.checkpoint)).toBe(true);
      }
      this.model = copyModel(this.saved.model);
    }
  }

  /** Brings everything into the stores and compares. */
  async expectModel(): Promise<void> {
    this.faultOdds = 0;
    await this.checkpoint('complete');
    const all: [string, string][] = [];
    for (const { disk } of this.subtasks) {
      all.push(...(await keysOfStore(disk)));
    }
    expect(all.sort(([a], [b]) => (a < b ? -1 : 1))).toStrictEqual(keysOfModel(this.saved!.model));
  }

  #setEntry(row: string, mapKey: string, value: string | undefined): void {
    const entries = this.model.maps.get(row) ?? new Map<string, string>();
    this.model.maps.set(row, entries);
    setOrDelete(entries, mapKey, value);
  }
}

describe('snapshots of keyed state', () => {
  test('survive aborts, faults, merges, bases, rollbacks, restarts and every change of parallelism', async () => {
    const recoveries = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const cluster = new Cluster(seed);
        await cluster.start(1 + cluster.random.below(4), []);
        for (let step = 0; step < 60; step += 1) {
          cluster.faultOdds = cluster.random.below(3) === 0 ? 0.2 : 0;
          for (let i = cluster.random.below(12); i > 0; i -= 1) {
            await cluster.write();
          }
          await act(cluster);
        }
        await cluster.expectModel();
        cluster.recoveries.forEach((kind) => recoveries.add(kind));
      }),
      { numRuns: 250 },
    );

    expect(Array.from(recoveries).sort()).toStrictEqual(['catch-up', 'restore', 'reuse']);
  }, 120_000);

  test('a disk that is older than a base loses what the base no longer has', async () => {
    const objects = new MemorySnapshotStore();
    const range = { first: parseKeyGroup(0), last: parseKeyGroup(11) };
    const who: StoreIdentity = { ...identity, firstKeyGroup: 0, lastKeyGroup: 11, maxParallelism: GROUPS };
    const [one, three] = [parseCheckpointId(1n), parseCheckpointId(3n)];
    const stamp = { ...who, checkpoint: one, applying: undefined };
    const [gone, kept] = [rowOf(VALUE, 1, 'gone').row, rowOf(VALUE, 2, 'kept').row];
    const disk = new MemoryKeyValueStore();
    await disk.apply([
      { kind: 'put', key: gone, value: 'old' },
      { kind: 'put', key: STAMP_KEY, value: formatStamp(stamp) },
    ]);
    const writing = { store: objects, call, nextKey: () => 'base', objectBytes: 1_000, inlineBytesMax: 0 };
    const refs = await writeSegments(
      streamOf([{ kind: 'put', key: kept, value: 'new' }]),
      baseLabel(range, three),
      writing,
    );
    const recovery = decideLocalRecovery(stamp, who, three);

    await restoreStore(
      { store: disk, identity: who, range, checkpoint: three, refs, snapshots: objects, call, memoryBytes: 1 },
      recovery,
    );

    expect(recovery.kind).toBe('catch-up');
    expect(await keysOfStore(disk)).toStrictEqual([[kept, 'new']]);
  });

  test('restore reads only the segments that speak of the wanted key groups, and only newer ones where the disk has a checkpoint', () => {
    const ref = (kind: 'delta' | 'base', checkpoint: number, first: number, last: number): SegmentRef => {
      const order = { checkpoint: parseCheckpointId(BigInt(checkpoint)), part: 0 };
      const range = { first: parseKeyGroup(first), last: parseKeyGroup(last) };
      return {
        kind,
        location: { kind: 'object', key: `${kind}${checkpoint}` },
        length: 1,
        sha256: '',
        range,
        from: order,
        to: order,
      };
    };
    const refs = [
      ref('base', 1, 0, 5),
      ref('delta', 2, 0, 9),
      ref('base', 3, 6, 9),
      ref('delta', 4, 0, 9),
      ref('delta', 4, 10, 11),
    ];
    const wanted = { first: parseKeyGroup(4), last: parseKeyGroup(9) };
    const summary = (after: number | undefined): unknown =>
      planRestore(refs, wanted, after === undefined ? undefined : parseCheckpointId(BigInt(after))).map((piece) => [
        piece.range.first,
        piece.range.last,
        piece.isWhole,
        piece.refs.map(({ location }) => (location.kind === 'object' ? location.key : '')),
      ]);

    expect(summary(undefined)).toStrictEqual([
      [4, 5, true, ['base1', 'delta2', 'delta4']],
      [6, 9, true, ['base3', 'delta4']],
    ]);
    expect(summary(2)).toStrictEqual([
      [4, 5, false, ['delta4']],
      [6, 9, true, ['base3', 'delta4']],
    ]);
    expect(summary(4)).toStrictEqual([[4, 9, false, []]]);
  });
});

async function act(cluster: Cluster): Promise<void> {
  const dice = cluster.random.below(12);
  if (dice < 5) {
    await cluster.checkpoint('complete');
  } else if (dice < 7) {
    await cluster.checkpoint(dice === 5 ? 'abort' : 'complete-unheard');
  } else if (dice < 9) {
    await cluster.maintain();
  } else if (dice === 9) {
    await cluster.rollback();
  } else if (dice === 10) {
    await cluster.start(1 + cluster.random.below(5), []);
  } else {
    // The processes die and find their disks again.
    await cluster.start(
      cluster.subtasks.length,
      cluster.subtasks.map(({ disk }) => disk),
    );
  }
}

function setOrDelete(map: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined) {
    map.delete(key);
  } else {
    map.set(key, value);
  }
}
