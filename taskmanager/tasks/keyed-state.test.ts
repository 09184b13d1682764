import { describe, expect, test } from 'vitest';
import type { KeyedProcessFunction } from '../../shared/functions/functions.ts';
import { largeMapState, valueState } from '../../shared/functions/state.ts';
import type { LargeMapState, StateOptions, ValueState } from '../../shared/functions/state.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import { KeyedCluster, tinyLimits } from './keyed-task-testing.ts';

const ORDERS = largeMapState<number>({ name: 'orders' });

/** Waits for its map: adds to it, then tells the sum of all that it holds. */
function summing(): KeyedProcessFunction<string, string> {
  let orders: LargeMapState<number>;
  return {
    open: ({ state }) => {
      orders = state.largeMap(ORDERS);
    },
    process: async (order, context) => {
      const key = context.currentKey;
      orders.set(order, ((await orders.get(order)) ?? 0) + 1);
      let sum = 0;
      for await (const [, count] of orders.entries()) {
        sum += count;
      }
      context.emit(`${key}:${order}:${sum}`);
    },
  };
}

describe('a function that reads a large map', () => {
  test('holds up the records and the barriers behind it until it has ended', async () => {
    const cluster = new KeyedCluster({ process: summing, limits: tinyLimits });
    await cluster.start(1);
    for (let i = 0; i < 6; i += 1) {
      cluster.send(`k${i % 2}`, `o${i % 3}`);
    }
    const checkpoint = cluster.barrier();
    cluster.send('k0', 'o9');
    const task = cluster.tasks[0]!;
    task.run();

    expect(cluster.outputs).toStrictEqual([]);
    expect(task.input.hasInput).toBe(false);
    expect(task.hasPassed(checkpoint)).toBe(false);

    await cluster.settle();
    expect(cluster.outputs).toStrictEqual([
      'k0:o0:1',
      'k1:o1:1',
      'k0:o2:2',
      'k1:o0:2',
      'k0:o1:3',
      'k1:o2:3',
      'k0:o9:4',
    ]);
    cluster.complete((await cluster.acknowledge(checkpoint))!);
    await cluster.crash();

    await cluster.start(2);
    cluster.send('k0', 'o1');
    cluster.send('k1', 'o1');
    await cluster.settle();

    expect([...cluster.outputs].sort()).toStrictEqual(['k0:o1:4', 'k1:o1:4']);
    await cluster.crash();
  });

  test('that rejects costs the attempt, and says where', async () => {
    const cluster = new KeyedCluster<string, string>({
      process: () => ({
        ...summing(),
        process: async () => {
          await Promise.resolve();
          throw new TypeError('of the user');
        },
      }),
    });
    await cluster.start(1);
    cluster.send('k', 'o');

    await expect(cluster.settle()).rejects.toThrow(/operator counter, subtask 0 of 1: TypeError/);
  });

  test('is heard no more after its subtask has closed', async () => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const cluster = new KeyedCluster<string, string>({
      process: () => ({
        ...summing(),
        process: async (_, context) => {
          await held;
          context.emit('late');
        },
      }),
    });
    await cluster.start(1);
    cluster.send('k', 'o');
    const [task] = cluster.tasks;
    task?.run();
    const closing = cluster.crash();
    goOn();

    await closing;

    expect(task?.outputs).toStrictEqual([]);
  });
});

describe('state with a time to live', () => {
  test('expires by event time, and the sweep removes what nobody reads', async () => {
    const store = new MemoryKeyValueStore();
    const cluster = new KeyedCluster({
      process: () => remembering({ name: 'last', ttl: { ms: 100, time: 'event' } }),
      openStore: async () => await Promise.resolve(store),
    });
    await cluster.start(1);
    cluster.watermark(1_000);
    cluster.send('a', 1);
    cluster.send('b', 2);
    await cluster.settle();
    cluster.watermark(1_050);
    cluster.send('a', 3);
    await cluster.checkpoint();
    cluster.watermark(1_120);
    cluster.send('a', 4);
    await cluster.checkpoint();
    const before = await sizeOf(store);
    cluster.watermark(5_000);
    await cluster.settle();
    for (let step = 0; step < 40; step += 1) {
      await cluster.advance(100);
    }
    await cluster.checkpoint();
    await cluster.settle();

    expect(cluster.outputs).toStrictEqual([undefined, undefined, 1, 3]);
    expect([before, await sizeOf(store)]).toStrictEqual([2, 0]);
  });
});

describe('a state that the job declares differently than the checkpoint holds it', () => {
  test.each([
    ['is of kind value in the checkpoint', { name: 'orders' }, undefined],
    ['has version 1 in the checkpoint, 2 in the job, and no migrate function', { name: 'last', version: 2 }, undefined],
    ['was written with max parallelism 16, and the job has 8', { name: 'last' }, 8],
  ])('fails the job, and says what and where: %s', async (problem, options, maxParallelism) => {
    const cluster = new KeyedCluster<number, number | undefined>({ process: () => remembering({ name: 'last' }) });
    await cluster.start(1);
    cluster.send('a', 1);
    const completed = await cluster.checkpoint();
    await cluster.crash();
    const changed = new KeyedCluster<number, unknown>({
      process: () => (options.name === 'last' ? remembering(options) : (summing() as never)),
      snapshots: cluster.snapshots,
      ...(maxParallelism === undefined ? {} : { maxParallelism }),
    });
    const { operator } = completed;
    const renamed = operator.states.map((state) => ({ ...state, name: options.name }));
    changed.completed = { ...completed, operator: { ...operator, states: renamed } };

    await expect(changed.start(1)).rejects.toThrow(problem);
  });

  test('is migrated when it has a function for that', async () => {
    const cluster = new KeyedCluster<number, number | undefined>({ process: () => remembering({ name: 'last' }) });
    await cluster.start(1);
    cluster.send('a', 1);
    await cluster.checkpoint();
    const changed = new KeyedCluster<number, number | undefined>({
      process: () => remembering({ name: 'last', version: 2, migrate: (old) => Number(old) * 100 }),
      snapshots: cluster.snapshots,
    });
    changed.completed = cluster.completed;
    await changed.start(2);

    changed.send('a', 5);
    changed.send('a', 6);
    await changed.settle();

    expect(changed.outputs).toStrictEqual([100, 5]);
  });
});

test('a checkpoint is asked for, once, when changes fill their memory, and the disk takes what does not fit', async () => {
  const store = new MemoryKeyValueStore();
  const cluster = new KeyedCluster({
    process: () => remembering({ name: 'last' }),
    limits: tinyLimits,
    openStore: async () => await Promise.resolve(store),
  });
  await cluster.start(1);
  for (let i = 0; i < 2_000; i += 1) {
    cluster.send(`k${i}`, i);
  }
  await cluster.settle();

  expect(cluster.checkpointsWanted).toBe(1);
  expect(await spilledOf(store)).toBeGreaterThan(1_000);
  await cluster.checkpoint();
  cluster.send('k7', 1);
  await cluster.settle();
  expect(cluster.outputs.at(-1)).toBe(7);
});

/** Tells of each record what the one before it was. */
function remembering(options: StateOptions<number>): KeyedProcessFunction<number, number | undefined> {
  const descriptor = valueState(options);
  let last: ValueState<number>;
  return {
    open: ({ state }) => {
      last = state.value(descriptor);
    },
    process: (value, context) => {
      context.emit(last.value());
      last.update(value);
    },
  };
}

async function sizeOf(store: MemoryKeyValueStore): Promise<number> {
  return await countOf(store, '', '\x80');
}

async function spilledOf(store: MemoryKeyValueStore): Promise<number> {
  return await countOf(store, '\x80', '\x81');
}

async function countOf(store: MemoryKeyValueStore, from: string, to: string): Promise<number> {
  let count = 0;
  for await (const batch of store.scan({ from, to }, 100)) {
    count += batch.length;
  }
  return count;
}

describe('a function without state', () => {
  test('keeps no store open, and takes part in checkpoints', async () => {
    const closings: string[] = [];
    class Store extends MemoryKeyValueStore {
      override async close(): Promise<void> {
        closings.push('closed');
        await super.close();
      }
    }
    const cluster = new KeyedCluster<number, number>({
      process: () => ({
        process: (value, context) => {
          context.emit(value);
        },
      }),
      openStore: async () => await Promise.resolve(new Store()),
    });
    await cluster.start(1);
    cluster.send('a', 1);
    await cluster.checkpoint();
    await cluster.crash();

    expect(closings).toStrictEqual(['closed']);
    expect(cluster.completed?.operator.subtasks.map(({ keyed }) => keyed)).toStrictEqual([[]]);
  });

  test('cannot declare a state when records flow', async () => {
    let late: () => void = () => undefined;
    const cluster = new KeyedCluster<number, number>({
      process: () => ({
        open: ({ state }) => {
          late = () => {
            state.value(valueState<number>({ name: 'late' }));
          };
        },
        process: () => {
          late();
        },
      }),
    });
    await cluster.start(1);
    cluster.send('a', 1);

    await expect(async () => {
      await cluster.settle();
    }).rejects.toThrow(/state late is declared too late/);
  });
});
