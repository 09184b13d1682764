import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyedProcessFunction } from '../../shared/functions/functions.ts';
import { listState, mapState, valueState } from '../../shared/functions/state.ts';
import type { ListState, MapState, ValueState } from '../../shared/functions/state.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import { RocksdbKeyValueStore } from '../state/rocksdb-key-value-store.ts';
import { KeyedCluster, roomyLimits, tinyLimits } from './keyed-task-testing.ts';

interface Counted {
  readonly key: string;
  readonly count: number;
  readonly inMap: number;
  readonly inList: number;
}

const COUNT = valueState<number>({ name: 'count' });
const BY_VALUE = mapState<number>({ name: 'by-value' });
const SEEN = listState<number>({ name: 'seen' });

/** Counts its records three times over: each record's output tells all counts. */
function counter(): KeyedProcessFunction<number, Counted> {
  let count: ValueState<number>;
  let byValue: MapState<number>;
  let seen: ListState<number>;
  return {
    open: ({ state }) => {
      count = state.value(COUNT);
      byValue = state.map(BY_VALUE);
      seen = state.list(SEEN);
    },
    process: (value, context) => {
      count.update((count.value() ?? 0) + 1);
      byValue.set(`v${value % 3}`, (byValue.get(`v${value % 3}`) ?? 0) + 1);
      seen.add(value);
      const inMap = Array.from(byValue.entries()).reduce((sum, [, n]) => sum + n, 0);
      context.emit({ key: context.currentKey, count: count.value() ?? -1, inMap, inList: seen.get().length });
    },
  };
}

const op = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('checkpoint' as const),
      fate: fc.constantFrom('complete' as const, 'complete-unheard' as const, 'abort' as const, 'unwritten' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), parallelism: fc.constantFrom(1, 2, 3) }) },
);

describe('a keyed operator', () => {
  test.each([
    ['with room', roomyLimits, 'lost' as const, 60],
    ['with limits so small that it spills and evicts all the time', tinyLimits, 'lost' as const, 60],
    ['with disks that outlive the attempt', tinyLimits, 'kept' as const, 60],
    ['with RocksDB', tinyLimits, 'rocksdb' as const, 4],
  ])(
    'counts every record once over checkpoints, crashes and other parallelisms, %s',
    async (_, limits, disks, numRuns) => {
      await fc.assert(
        fc.asyncProperty(fc.array(op, { minLength: 3, maxLength: 14 }), fc.integer(), async (ops, seed) => {
          const random = seededRandom(seed);
          const machine = new Machine(disks);
          const cluster = new KeyedCluster({ process: counter, limits, openStore: machine.openStore });
          await cluster.start(1);
          const input: { key: string; value: number }[] = [];
          let sent = 0;
          let saved = { position: 0, outputs: [] as Counted[] };
          let kept: Counted[] = [];

          for (const step of [...ops, { kind: 'checkpoint' as const, fate: 'complete' as const }]) {
            switch (step.kind) {
              case 'send':
                for (let i = 0; i < step.count; i += 1) {
                  input.push({ key: `k${random.below(9)}`, value: random.below(100) });
                }
                for (; sent < input.length; sent += 1) {
                  cluster.send(input[sent]!.key, input[sent]!.value);
                }
                if (random.below(2) === 0) {
                  await cluster.settle();
                }
                break;
              case 'checkpoint': {
                const id = cluster.barrier();
                await cluster.settle();
                const outputs = [...kept, ...cluster.outputs];
                const acknowledged = step.fate === 'unwritten' ? undefined : await cluster.acknowledge(id);
                if (acknowledged !== undefined && step.fate !== 'abort') {
                  cluster.complete(acknowledged, step.fate === 'complete');
                  saved = { position: sent, outputs };
                }
                break;
              }
              case 'crash':
                await cluster.crash();
                await cluster.start(step.parallelism);
                kept = saved.outputs;
                sent = saved.position;
                for (; sent < input.length; sent += 1) {
                  cluster.send(input[sent]!.key, input[sent]!.value);
                }
            }
          }
          await cluster.crash();

          expect(byKey(saved.outputs)).toStrictEqual(byKey(expectedOf(input)));
        }),
        { numRuns },
      );
    },
    60_000,
  );

  test('goes on when the snapshot store fails: the next checkpoint has everything', async () => {
    let isDown = false;
    const snapshots = new MemorySnapshotStore({
      fault: (operation) => (isDown && operation === 'put' ? 'unavailable' : 'none'),
    });
    const cluster = new KeyedCluster<number, Counted>({ process: bigCounter, snapshots });
    await cluster.start(2);
    for (let i = 0; i < 50; i += 1) {
      cluster.send(`k${i % 10}`, i);
    }
    isDown = true;
    const failed = cluster.barrier();
    await cluster.settle();
    expect(await cluster.acknowledge(failed)).toBeUndefined();
    isDown = false;
    await cluster.checkpoint();
    await cluster.crash();

    await cluster.start(3);
    for (let i = 0; i < 10; i += 1) {
      cluster.send(`k${i}`, i);
    }
    await cluster.settle();

    expect(cluster.outputs.map(({ count }) => count)).toStrictEqual(Array.from({ length: 10 }, () => 6));
    await cluster.crash();
  });
});

/** Where the local stores of a run lie. */
class Machine {
  readonly #disks: 'lost' | 'kept' | 'rocksdb';
  readonly #stores = new Map<number, MemoryKeyValueStore>();
  #folder: string | undefined;

  constructor(disks: 'lost' | 'kept' | 'rocksdb') {
    this.#disks = disks;
  }

  readonly openStore = async (subtask: number): Promise<KeyValueStore> => {
    if (this.#disks === 'rocksdb') {
      this.#folder ??= await mkdtemp(join(tmpdir(), 'nerve-keyed-'));
      return await RocksdbKeyValueStore.open({ path: join(this.#folder, String(subtask)) });
    }
    const store = (this.#disks === 'kept' ? this.#stores.get(subtask) : undefined) ?? new MemoryKeyValueStore();
    this.#stores.set(subtask, store);
    return store;
  };

  async close(): Promise<void> {
    if (this.#folder !== undefined) {
      await rm(this.#folder, { recursive: true });
    }
  }
}

const BLOB = valueState<string>({ name: 'blob' });

/** Its state does not fit into an acknowledgement. */
function bigCounter(): KeyedProcessFunction<number, Counted> {
  let blob: ValueState<string>;
  const random = seededRandom(7);
  return {
    open: ({ state }) => {
      blob = state.value(BLOB);
    },
    process: (_, context) => {
      const count = Number((blob.value() ?? '0:').split(':')[0]) + 1;
      blob.update(
        `${count}:${Array.from({ length: 8_000 }, () => String.fromCharCode(33 + random.below(90))).join('')}`,
      );
      context.emit({ key: context.currentKey, count, inMap: 0, inList: 0 });
    },
  };
}

function expectedOf(input: readonly { key: string; value: number }[]): Counted[] {
  const counts = new Map<string, number>();
  return input.map(({ key }) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return { key, count, inMap: count, inList: count };
  });
}

function byKey(outputs: readonly Counted[]): Map<string, Counted[]> {
  const groups = new Map<string, Counted[]>();
  for (const output of outputs) {
    groups.set(output.key, [...(groups.get(output.key) ?? []), output]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}
