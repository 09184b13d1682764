import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyedProcessFunction } from '../../shared/functions/functions.ts';
import { valueState } from '../../shared/functions/state.ts';
import type { ValueState } from '../../shared/functions/state.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { END_OF_TIME_MS } from '../../shared/stream-element.ts';
import { KeyedCluster, roomyLimits, tinyLimits } from './keyed-task-testing.ts';

interface Fired {
  readonly key: string;
  readonly at: number;
  readonly domain: 'event' | 'processing';
  /** Of the key's state, which counts its firings. */
  readonly nth: number;
}

type Order =
  | { readonly kind: 'register' | 'delete'; readonly domain: 'event' | 'processing'; readonly at: number }
  | { readonly kind: 'chain'; readonly at: number; readonly then: number };

const FIRED = valueState<number>({ name: 'fired' });
const CHAINED = valueState<readonly [number, number]>({ name: 'chained' });

/** Does with timers what its records say. */
function alarms(): KeyedProcessFunction<Order, Fired> {
  let fired: ValueState<number>;
  let chained: ValueState<readonly [number, number]>;
  return {
    open: ({ state }) => {
      fired = state.value(FIRED);
      chained = state.value(CHAINED);
    },
    process: (order, { timers }) => {
      if (order.kind === 'chain') {
        chained.update([order.at, order.then]);
        timers.registerEventTime(order.at);
      } else if (order.domain === 'event') {
        timers[order.kind === 'register' ? 'registerEventTime' : 'deleteEventTime'](order.at);
      } else {
        timers[order.kind === 'register' ? 'registerProcessingTime' : 'deleteProcessingTime'](order.at);
      }
    },
    onTimer: (at, context) => {
      const chain = chained.value();
      if (chain?.[0] === at) {
        context.timers.registerEventTime(chain[1]);
      }
      fired.update((fired.value() ?? 0) + 1);
      context.emit({ key: context.currentKey, at, domain: context.timeDomain, nth: fired.value() ?? -1 });
    },
  };
}

const register = (at: number, domain: 'event' | 'processing' = 'event'): Order => ({ kind: 'register', domain, at });

describe('timers by event time', () => {
  test('fire once, in order, when the watermark reaches them, and before it goes on', async () => {
    const cluster = await started();
    cluster.send('a', register(30));
    cluster.send('b', register(10));
    cluster.send('a', register(20));
    cluster.send('a', register(20));
    cluster.watermark(25);
    cluster.watermark(40);

    await cluster.settle();

    expect(cluster.outputs.map(({ key, at }) => [key, at])).toStrictEqual([
      ['b', 10],
      ['a', 20],
      ['a', 30],
    ]);
    expect(cluster.tasks[0]?.forwarded).toStrictEqual([
      { kind: 'watermark', timestampMs: 25 },
      { kind: 'watermark', timestampMs: 40 },
    ]);
  });

  test('that a callback registers for a time between others fire between them', async () => {
    const cluster = await started();
    cluster.send('a', { kind: 'chain', at: 10, then: 15 });
    cluster.send('b', register(20));
    cluster.send('c', register(12));
    cluster.watermark(25);

    await cluster.settle();

    expect(cluster.outputs.map(({ at }) => at)).toStrictEqual([10, 12, 15, 20]);
  });

  test('fire before the records behind their watermark', async () => {
    const cluster = await started();
    cluster.send('a', register(10));
    cluster.watermark(10);
    cluster.send('a', { kind: 'delete', domain: 'event', at: 10 });

    await cluster.settle();

    expect(cluster.outputs).toHaveLength(1);
  });

  test('let a barrier pass between two of them, and what has not fired fires after a restore', async () => {
    const cluster = await started();
    for (let i = 0; i < 200; i += 1) {
      cluster.send(`k${i}`, register(i));
    }
    await cluster.settle();
    cluster.watermark(1_000);
    const checkpoint = cluster.barrier();
    const task = cluster.tasks[0]!;
    task.recordsPerRun = 10;
    for (let runs = 0; runs < 100 && !task.hasPassed(checkpoint); runs += 1) {
      task.run();
      await Promise.resolve();
    }
    const firedBefore = cluster.outputs.map(({ at }) => at);
    cluster.complete((await cluster.acknowledge(checkpoint))!);
    await cluster.crash();

    await cluster.start(2);
    cluster.watermark(1_000);
    await cluster.settle();

    expect(firedBefore.length).toBeLessThan(200);
    expect([...firedBefore, ...cluster.outputs.map(({ at }) => at)].sort((a, b) => a - b)).toStrictEqual(
      Array.from({ length: 200 }, (_, i) => i),
    );
  });

  test('all fire when the input ends, and none when the job is stopped', async () => {
    const ended = await started();
    ended.send('a', register(5_000_000));
    ended.control({ kind: 'end-of-records' });
    const stopped = await started();
    stopped.send('a', register(5_000_000));
    stopped.control({ kind: 'end-of-input' });

    await ended.settle();
    await stopped.settle();

    expect(ended.outputs.map(({ at }) => at)).toStrictEqual([5_000_000]);
    expect(ended.tasks[0]?.forwarded).toStrictEqual([
      { kind: 'end-of-records' },
      { kind: 'watermark', timestampMs: END_OF_TIME_MS },
    ]);
    expect(ended.tasks[0]?.input.hasEnded).toBe(true);
    expect(stopped.outputs).toStrictEqual([]);
    expect(stopped.tasks[0]?.input.hasEnded).toBe(true);
  });

  test.each([1.5, NaN, Infinity, 2 ** 60])('at %s are refused', async (at) => {
    const cluster = await started();
    cluster.send('a', register(at));

    await expect(cluster.settle()).rejects.toThrow(/whole number of milliseconds/);
  });
});

describe('timers by processing time', () => {
  test('fire when the machine gets there, without a record', async () => {
    const cluster = await started();
    cluster.send('a', register(1_500, 'processing'));
    cluster.send('b', register(1_200, 'processing'));
    cluster.send('c', { kind: 'register', domain: 'processing', at: 1_300 });
    cluster.send('c', { kind: 'delete', domain: 'processing', at: 1_300 });
    await cluster.settle();

    await cluster.advance(199);
    const before = cluster.outputs.length;
    await cluster.advance(1_000);

    expect(before).toBe(0);
    expect(cluster.outputs.map(({ key, at, domain }) => [key, at, domain])).toStrictEqual([
      ['b', 1_200, 'processing'],
      ['a', 1_500, 'processing'],
    ]);
  });

  test('do not fire behind the last record', async () => {
    const cluster = await started();
    cluster.send('a', register(1_500, 'processing'));
    cluster.control({ kind: 'end-of-records' });
    await cluster.settle();

    await cluster.advance(10_000);

    expect(cluster.outputs).toStrictEqual([]);
    expect(cluster.tasks[0]?.input.hasInput).toBe(false);
  });

  test('that were due while nothing ran fire after the restore', async () => {
    const cluster = await started();
    cluster.send('a', register(1_500, 'processing'));
    await cluster.checkpoint();
    await cluster.crash();
    cluster.nowMs = 9_000;

    await cluster.start(3);
    await cluster.settle();

    expect(cluster.outputs.map(({ at }) => at)).toStrictEqual([1_500]);
  });
});

const op = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('register' as const, 'register' as const, 'delete' as const),
      key: fc.integer({ min: 0, max: 6 }),
      at: fc.integer({ min: 0, max: 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('watermark' as const), by: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const), completes: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), parallelism: fc.constantFrom(1, 2, 3) }),
  },
);

test.each([
  ['with room', roomyLimits],
  ['in little memory', tinyLimits],
])(
  'timers agree with a plain model over any sequence of checkpoints, crashes and rescalings, %s',
  async (_, limits) => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 5, maxLength: 40 }), fc.integer(), async (ops, seed) => {
        const random = seededRandom(seed);
        const cluster = new KeyedCluster({ process: alarms, limits });
        await cluster.start(1);
        let model = new Set<string>();
        let watermark = -1;
        let saved = { model: new Set<string>(), watermark: -1 };
        let hasSaved = false;
        for (const step of ops) {
          switch (step.kind) {
            case 'register':
            case 'delete':
              cluster.send(`k${step.key}`, { kind: step.kind, domain: 'event', at: step.at });
              if (step.kind === 'register') {
                model.add(`k${step.key}@${step.at}`);
              } else {
                model.delete(`k${step.key}@${step.at}`);
              }
              if (random.below(3) === 0) {
                await cluster.settle();
              }
              break;
            case 'watermark': {
              await cluster.settle();
              const before = cluster.outputs.length;
              watermark += step.by;
              cluster.watermark(watermark);
              await cluster.settle();
              const due = [...model].filter((timer) => Number(timer.split('@')[1]) <= watermark).sort();
              expect(cluster.outputs.length - before).toBe(due.length);
              expect(new Set(fired(cluster.outputs))).toStrictEqual(new Set([...fired(cluster.outputs), ...due]));
              model = new Set([...model].filter((timer) => !due.includes(timer)));
              break;
            }
            case 'checkpoint': {
              const id = cluster.barrier();
              await cluster.settle();
              const acknowledged = await cluster.acknowledge(id);
              if (step.completes) {
                cluster.complete(acknowledged!);
                saved = { model: new Set(model), watermark };
                hasSaved = true;
              }
              break;
            }
            case 'crash':
              await cluster.crash();
              await cluster.start(step.parallelism);
              model = new Set(hasSaved ? saved.model : []);
              watermark = hasSaved ? saved.watermark : -1;
          }
        }
        await cluster.settle();
        const before = cluster.outputs.length;
        cluster.control({ kind: 'end-of-records' });
        await cluster.settle();
        expect(cluster.outputs.length - before).toBe(model.size);
        await cluster.crash();
      }),
      { numRuns: 80 },
    );
  },
  60_000,
);

async function started(): Promise<KeyedCluster<Order, Fired>> {
  const cluster = new KeyedCluster({ process: alarms });
  await cluster.start(1);
  return cluster;
}

function fired(outputs: readonly Fired[]): string[] {
  return outputs.map(({ key, at }) => `${key}@${at}`);
}
