import {
  defineJob,
  kafkaSink,
  kafkaSource,
  listState,
  mapState,
  reducingState,
  seededRandom,
  valueState,
} from '../../index.ts';
import type {
  KeyedProcessContext,
  KeyedProcessFunction,
  KeyedRuntimeContext,
  ListState,
  MapState,
  OnTimerContext,
  OutputRecord,
  ReducingState,
  SourceRecord,
  ValueState,
} from '../../index.ts';
import type { CountingResult } from '../chaos/counting-result.ts';

/** Counts, sums and times the numbered messages of each key, so that a checker can recompute all of it from the input alone. */
export const job = defineJob(
  'counting',
  (flow, args) => {
    const keyed = args.keyedParallelism === undefined ? {} : { parallelism: args.keyedParallelism };
    flow
      .source(kafkaSource({ topic: args.input, bounded: args.bounded }), { uid: 'numbers' })
      .map(numberedOf, { uid: 'parse' })
      .keyBy(({ key }) => key)
      .process(new Count(args.timerDelayMs, args.ballastBytes), { uid: 'count', ...keyed })
      .map((result) => outputOf(args.output, result), { uid: 'format', ...keyed })
      .sinkTo(
        kafkaSink({ topics: [args.output], guarantee: args.guarantee === 'none' ? 'at-least-once' : 'exactly-once' }),
        {
          uid: 'results',
          ...keyed,
        },
      );
  },
  {
    args: {
      input: { type: 'string', description: 'topic of the numbered messages', default: 'numbers' },
      output: { type: 'string', description: 'topic of the results', default: 'counts' },
      guarantee: { type: 'choice', of: ['exactly-once', 'none'], description: 'of the sink', default: 'exactly-once' },
      keyedParallelism: { type: 'number', description: 'parallelism of the counters and the sink' },
      timerDelayMs: { type: 'number', description: 'how long after every fifth message its timer fires', default: 200 },
      ballastBytes: {
        type: 'number',
        description: 'state of each key that no compression makes small, so that checkpoints have something to upload',
        default: 4_096,
      },
      bounded: { type: 'boolean', description: 'stop at the present end of the input', default: false },
    },
  },
);

interface Numbered {
  readonly key: string;
  readonly amount: number;
  readonly source: string;
}

const COUNT = valueState<number>({ name: 'count' });
const SUM = reducingState<number>({ name: 'sum', reduce: (a, b) => a + b });
const RECENT = listState<number>({ name: 'recent' });
const DUE = mapState<readonly number[]>({ name: 'due' });
const BALLAST = valueState<Uint8Array>({ name: 'ballast' });
const RECENT_MAX = 3;
const TIMER_EVERY = 5;

class Count implements KeyedProcessFunction<Numbered, CountingResult> {
  readonly #timerDelayMs: number;
  readonly #ballastBytes: number;
  #count!: ValueState<number>;
  #sum!: ReducingState<number>;
  #recent!: ListState<number>;
  #due!: MapState<readonly number[]>;
  #ballast!: ValueState<Uint8Array>;

  constructor(timerDelayMs: number, ballastBytes: number) {
    this.#timerDelayMs = timerDelayMs;
    this.#ballastBytes = ballastBytes;
  }

  open({ state }: KeyedRuntimeContext): void {
    this.#count = state.value(COUNT);
    this.#sum = state.reducing(SUM);
    this.#recent = state.list(RECENT);
    this.#due = state.map(DUE);
    this.#ballast = state.value(BALLAST);
  }

  process({ key, amount, source }: Numbered, context: KeyedProcessContext<CountingResult>): void {
    const count = (this.#count.value() ?? 0) + 1;
    this.#count.update(count);
    this.#checkBallast(key, count - 1);
    this.#ballast.update(ballastOf(key, count, this.#ballastBytes));
    this.#sum.add(amount);
    this.#recent.update([...this.#recent.get(), amount].slice(-RECENT_MAX));
    context.emit({ kind: 'count', key, count, sum: this.#sum.get() ?? 0, recent: this.#recent.get(), source });
    if (count % TIMER_EVERY === 0) {
      const at = context.timers.currentProcessingTime + this.#timerDelayMs;
      context.timers.registerProcessingTime(at);
      this.#due.set(String(at), [...(this.#due.get(String(at)) ?? []), count]);
    }
  }

  /** A state that was damaged on its way, or is of another moment than the count, ends the attempt. */
  #checkBallast(key: string, count: number): void {
    const found = this.#ballast.value();
    if (count > 0 && !(found !== undefined && ballastOf(key, count, this.#ballastBytes).equals(found))) {
      throw new Error(`the ballast of ${key} is not that of its message number ${count}`);
    }
  }

  onTimer(timestamp: number, context: OnTimerContext<CountingResult>): void {
    for (const count of this.#due.get(String(timestamp)) ?? []) {
      context.emit({ kind: 'timer', key: context.currentKey, count });
    }
    this.#due.delete(String(timestamp));
  }
}

function numberedOf({ key, value, position }: SourceRecord): Numbered {
  const amount = Number(value.toString());
  return { key: key?.toString() ?? '', amount, source: `${position.partition}:${position.offset}` };
}

function outputOf(topic: string, result: CountingResult): OutputRecord {
  return { topic, key: result.key, value: Buffer.from(JSON.stringify(result)), headers: {} };
}

function ballastOf(key: string, count: number, bytes: number): Buffer {
  const random = seededRandom(Number(key.replaceAll(/\D/g, '')) * 1_000_003 + count);
  const ballast = Buffer.alloc(bytes);
  for (let i = 0; i + 4 <= bytes; i += 4) {
    ballast.writeUInt32LE(random.below(2 ** 32), i);
  }
  return ballast;
}
