import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StreamError } from '../../shared/failure/failure.ts';
import type { KeyedCoProcessFunction } from '../../shared/functions/functions.ts';
import { valueState } from '../../shared/functions/state.ts';
import type { ValueState } from '../../shared/functions/state.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { END_OF_TIME_MS } from '../../shared/stream-element.ts';
import { KeyedCluster, roomyLimits, tinyLimits } from './keyed-task-testing.ts';

/** What a key has seen, of each input and of both. */
interface Seen {
  readonly first: number;
  readonly second: number;
}

type Told =
  | {
      readonly kind: 'record';
      readonly key: string;
      readonly input: 0 | 1;
      readonly nth: number;
      readonly total: number;
    }
  | { readonly kind: 'timer'; readonly key: string; readonly at: number };

const SEEN = valueState<Seen>({ name: 'seen' });
const NOTHING: Seen = { first: 0, second: 0 };

/** Counts the records of both inputs in one state, and sets a timer at each record's value. */
function meeting(): KeyedCoProcessFunction<number, number, Told> {
  let seen: ValueState<Seen>;
  const count = (input: 0 | 1): Seen => {
    const { first, second } = seen.value() ?? NOTHING;
    const next = input === 0 ? { first: first + 1, second } : { first, second: second + 1 };
    seen.update(next);
    return next;
  };
  return {
    open: ({ state }) => {
      seen = state.value(SEEN);
    },
    process1: (at, context) => {
      const { first, second } = count(0);
      context.timers.registerEventTime(at);
      context.emit({ kind: 'record', key: context.currentKey, input: 0, nth: first, total: first + second });
    },
    process2: (at, context) => {
      const { first, second } = count(1);
      context.timers.registerEventTime(at);
      context.emit({ kind: 'record', key: context.currentKey, input: 1, nth: second, total: first + second });
    },
    onTimer: (at, context) => {
      context.emit({ kind: 'timer', key: context.currentKey, at });
    },
  };
}

function failing(): KeyedCoProcessFunction<number, number, Told> {
  const fail = (): void => {
    throw new RangeError('not this one');
  };
  return { process1: fail, process2: fail };
}

function recordOf(error: unknown): unknown {
  return error instanceof StreamError ? error.failure.record : error;
}

describe('two keyed inputs of one operator', () => {
  test('share the state of a key, and keep the keys apart', async () => {
    const cluster = await started();

    cluster.sendTo(0, { key: 'a', value: 10 });
    await cluster.settle();
    cluster.sendTo(1, { key: 'b', value: 10 });
    cluster.sendTo(1, { key: 'a', value: 20 });
    await cluster.settle();

    expect(cluster.outputs).toStrictEqual([
      { kind: 'record', key: 'a', input: 0, nth: 1, total: 1 },
      { kind: 'record', key: 'b', input: 1, nth: 1, total: 1 },
      { kind: 'record', key: 'a', input: 1, nth: 1, total: 2 },
    ]);
  });

  test('share its timers: one that both register is one, and fires when the slower input has got there', async () => {
    const cluster = await started();
    cluster.sendTo(0, { key: 'a', value: 10 });
    cluster.sendTo(1, { key: 'a', value: 10 });

    cluster.controlOf(0, { kind: 'watermark', timestampMs: 50 });
    await cluster.settle();
    const early = timersOf(cluster.outputs);
    cluster.controlOf(1, { kind: 'watermark', timestampMs: 9 });
    cluster.controlOf(1, { kind: 'watermark', timestampMs: 10 });
    await cluster.settle();

    expect(early).toStrictEqual([]);
    expect(timersOf(cluster.outputs)).toStrictEqual([{ kind: 'timer', key: 'a', at: 10 }]);
  });

  test('without state are told apart, too', async () => {
    const cluster = new KeyedCluster<number, string>({
      process: () => ({
        process1: (value, context) => {
          context.emit(`first ${context.currentKey} ${value}`);
        },
        process2: (value, context) => {
          context.emit(`second ${context.currentKey} ${value}`);
        },
      }),
    });
    await cluster.start(1);

    cluster.sendTo(1, { key: 'a', value: 1 });
    await cluster.settle();
    cluster.sendTo(0, { key: 'a', value: 2 });
    await cluster.settle();

    expect(cluster.outputs).toStrictEqual(['second a 1', 'first a 2']);
  });

  test('that fail name their record by the input as well, so that a quarantine keeps the two apart', async () => {
    const names: unknown[] = [];
    for (const input of [0, 1] as const) {
      const cluster = new KeyedCluster({ process: failing });
      await cluster.start(1);
      cluster.sendTo(input, { key: 'a', value: 10 });
      names.push(await cluster.settle().then(undefined, recordOf));
    }

    const known = { operator: 'counter', error: 'RangeError', hasQuarantine: false };
    expect(names).toMatchObject([known, known]);
    expect(new Set(names.map((name) => JSON.stringify(name))).size).toBe(2);
  });

  test.each([
    ['with room', roomyLimits],
    ['with limits so small that it spills and evicts all the time', tinyLimits],
  ])('do what a plain model does over checkpoints, crashes and other parallelisms, %s', async (_, limits) => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 3, maxLength: 16 }), fc.integer(), async (ops, seed) => {
        const run = new MeetingRun(new KeyedCluster({ process: meeting, limits }), seededRandom(seed));
        await run.play(ops);

        expect(summaryOf(run.kept)).toStrictEqual(modelOf(run.log));
      }),
      { numRuns: 60 },
    );
  });
});

const op = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('send' as const), count: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('time' as const), input: fc.constantFrom(0 as const, 1 as const) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const), isCompleted: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), parallelism: fc.constantFrom(1, 2, 3) }) },
);
type Op = typeof op extends fc.Arbitrary<infer O> ? O : never;

type Sent =
  | { readonly kind: 'record'; readonly input: 0 | 1; readonly key: string; readonly value: number }
  | { readonly kind: 'watermark'; readonly input: 0 | 1; readonly at: number };

/** The input is a log that is read again from the last completed checkpoint; the output is kept up to there. */
class MeetingRun {
  readonly log: Sent[] = [];
  kept: readonly Told[] = [];
  readonly #cluster: KeyedCluster<number, Told>;
  readonly #random: Random;
  readonly #watermarks: [number, number] = [0, 0];
  #before: readonly Told[] = [];
  #position = 0;

  constructor(cluster: KeyedCluster<number, Told>, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
  }

  async play(ops: readonly Op[]): Promise<void> {
    await this.#cluster.start(2);
    for (const each of ops) {
      await this.#step(each);
    }
    this.#advance(0, END_OF_TIME_MS);
    this.#advance(1, END_OF_TIME_MS);
    // A barrier may come between timers: all are to fire before the last one.
    await this.#cluster.settle();
    await this.#step({ kind: 'checkpoint', isCompleted: true });
    await this.#cluster.crash();
  }

  async #step(each: Op): Promise<void> {
    switch (each.kind) {
      case 'send':
        for (let i = 0; i < each.count; i += 1) {
          this.#send();
        }
        if (this.#random.below(2) === 0) {
          await this.#cluster.settle();
        }
        return;
      case 'time':
        this.#advance(each.input, this.#watermarks[each.input] + this.#random.below(40));
        return;
      case 'checkpoint': {
        const id = this.#cluster.barrier();
        await this.#cluster.settle();
        const outputs = [...this.#before, ...this.#cluster.outputs];
        const acknowledged = await this.#cluster.acknowledge(id);
        if (acknowledged !== undefined && each.isCompleted) {
          this.#cluster.complete(acknowledged);
          this.kept = outputs;
          this.#position = this.log.length;
        }
        return;
      }
      case 'crash':
        await this.#cluster.crash();
        await this.#cluster.start(each.parallelism);
        this.#before = this.kept;
        this.log.slice(this.#position).forEach((sent) => {
          this.#deliver(sent);
        });
    }
  }

  /** Never for a time that has come to its own input, so never late: a late record could set a timer that has fired. */
  #send(): void {
    const input = this.#random.below(2) === 0 ? 0 : 1;
    const value = this.#watermarks[input] + 1 + this.#random.below(60);
    this.#append({ kind: 'record', input, key: `k${this.#random.below(6)}`, value });
  }

  #advance(input: 0 | 1, at: number): void {
    this.#watermarks[input] = at;
    this.#append({ kind: 'watermark', input, at });
  }

  #append(sent: Sent): void {
    this.log.push(sent);
    this.#deliver(sent);
  }

  #deliver(sent: Sent): void {
    if (sent.kind === 'record') {
      this.#cluster.sendTo(sent.input, sent);
    } else {
      this.#cluster.controlOf(sent.input, { kind: 'watermark', timestampMs: sent.at });
    }
  }
}

interface Summary {
  /** Of each input, in the order in which they were told. */
  readonly nth: readonly [readonly number[], readonly number[]];
  /** In ascending order: which of both came first is nobody's promise. */
  readonly totals: readonly number[];
  readonly timers: readonly number[];
}

function summaryOf(told: readonly Told[]): ReadonlyMap<string, Summary> {
  const keys = [...new Set(told.map(({ key }) => key))].sort();
  return new Map(
    keys.map((key) => {
      const own = told.filter((each) => each.key === key);
      const records = own.filter((each) => each.kind === 'record');
      const nthOf = (input: 0 | 1): readonly number[] =>
        records.filter((each) => each.input === input).map(({ nth }) => nth);
      return [
        key,
        {
          nth: [nthOf(0), nthOf(1)],
          totals: records.map(({ total }) => total).sort((a, b) => a - b),
          timers: timersOf(own).map(({ at }) => at),
        },
      ];
    }),
  );
}

function modelOf(log: readonly Sent[]): ReadonlyMap<string, Summary> {
  const records = log.filter((each) => each.kind === 'record');
  const keys = [...new Set(records.map(({ key }) => key))].sort();
  return new Map(
    keys.map((key) => {
      const own = records.filter((each) => each.key === key);
      const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1);
      const countOf = (input: 0 | 1): number => own.filter((each) => each.input === input).length;
      return [
        key,
        {
          nth: [upTo(countOf(0)), upTo(countOf(1))],
          totals: upTo(own.length),
          timers: [...new Set(own.map(({ value }) => value))].sort((a, b) => a - b),
        },
      ];
    }),
  );
}

function timersOf(told: readonly Told[]): readonly Extract<Told, { kind: 'timer' }>[] {
  return told.filter((each) => each.kind === 'timer');
}

async function started(): Promise<KeyedCluster<number, Told>> {
  const cluster = new KeyedCluster({ process: meeting });
  await cluster.start(1);
  return cluster;
}
