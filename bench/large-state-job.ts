import { defineJob, kafkaSink, kafkaSource, seededRandom, valueState } from '../index.ts';
import type {
  KeyedProcessContext,
  KeyedProcessFunction,
  KeyedRuntimeContext,
  OutputRecord,
  SourceRecord,
  ValueState,
} from '../index.ts';

interface Message {
  readonly key: string;
  readonly value: Buffer;
}

/** Rewrites the whole state of a key, which no compression makes small, with each of its records. */
export const job = defineJob(
  'large-state',
  (flow, args) => {
    flow
      .source(kafkaSource({ topic: args.input }), { uid: 'records' })
      .map(({ key, value }: SourceRecord) => ({ key: key?.toString() ?? '', value }), { uid: 'message' })
      .keyBy(({ key }) => key)
      .process(new Rewrite(args.valueBytes), { uid: 'rewrite' })
      .map(({ key, seen }): OutputRecord => ({ topic: args.output, key, value: Buffer.from(`${seen}`), headers: {} }), {
        uid: 'format',
      })
      .sinkTo(kafkaSink({ topics: [args.output] }), { uid: 'results' });
  },
  {
    args: {
      input: { type: 'string', description: 'topic of the keys', default: 'keys' },
      output: { type: 'string', description: 'topic of how often each was seen', default: 'seen' },
      valueBytes: { type: 'number', description: 'state of each key', default: 1_000 },
    },
  },
);

interface Kept {
  readonly seen: number;
  readonly data: Uint8Array;
}

const KEPT = valueState<Kept>({ name: 'kept' });
const NOISE_BYTES = 1_048_576;

class Rewrite implements KeyedProcessFunction<Message, { readonly key: string; readonly seen: number }> {
  readonly #valueBytes: number;
  #noise = Buffer.alloc(0);
  #at = 0;
  #kept!: ValueState<Kept>;

  constructor(valueBytes: number) {
    this.#valueBytes = valueBytes;
  }

  open({ state }: KeyedRuntimeContext): void {
    this.#kept = state.value(KEPT);
    const random = seededRandom(1);
    this.#noise = Buffer.from(Uint8Array.from({ length: NOISE_BYTES }, () => random.below(256)));
  }

  process({ key }: Message, context: KeyedProcessContext<{ readonly key: string; readonly seen: number }>): void {
    const seen = (this.#kept.value()?.seen ?? 0) + 1;
    this.#at = (this.#at + 61) % (NOISE_BYTES - this.#valueBytes);
    this.#kept.update({ seen, data: this.#noise.subarray(this.#at, this.#at + this.#valueBytes) });
    context.emit({ key, seen });
  }
}
