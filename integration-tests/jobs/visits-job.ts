import { defineJob, fileSink, generatorSource, listState, mapState, seededRandom, valueState } from '../../index.ts';
import type {
  KeyedProcessContext,
  KeyedProcessFunction,
  KeyedRuntimeContext,
  ListState,
  MapState,
  OutputRecord,
  ValueState,
} from '../../index.ts';

/** Numbers the visits of each patient: what is written tells whether state was kept, lost or doubled. */
export const job = defineJob(
  'visits',
  (flow, args) => {
    const visits = flow
      .source(
        generatorSource({
          next: (index) => ({ value: Buffer.from(`p${(index * 7) % args.patients}`) }),
          splits: 2,
          ratePerSecond: args.rate,
          seed: 1,
          ...(args.count === undefined ? {} : { count: args.count }),
        }),
        { uid: 'feed' },
      )
      .map(({ value }) => value.toString(), { uid: 'patient' })
      .keyBy((patient) => patient)
      .process(new CountVisits(args.renamed ? 'arrivals' : 'visits', args.notesBytes), {
        uid: args.withoutCounter ? 'other' : 'count',
      });
    visits
      .map((visit): OutputRecord => ({
        topic: 'visits',
        key: visit.patient,
        value: Buffer.from(JSON.stringify(visit)),
        headers: {},
      }))
      .sinkTo(fileSink({ path: args.output }), { uid: 'out' });
  },
  {
    args: {
      output: { type: 'string', description: 'folder of the output', default: 'visits' },
      patients: { type: 'number', description: 'how many there are', default: 20 },
      rate: { type: 'number', description: 'visits a second', default: 200 },
      count: { type: 'number', description: 'visits in all; without end when absent' },
      notesBytes: {
        type: 'number',
        description: 'state of each patient that no compression makes small',
        default: 4_096,
      },
      renamed: { type: 'boolean', description: 'keep the count under another name', default: false },
      withoutCounter: { type: 'boolean', description: 'count under another uid', default: false },
    },
  },
);

interface Visit {
  readonly patient: string;
  readonly visit: number;
  readonly wards: number;
  readonly last: readonly number[];
}

const LAST_MAX = 3;
const FAR_MS = 3_600_000;

class CountVisits implements KeyedProcessFunction<string, Visit> {
  readonly #name: string;
  readonly #notesBytes: number;
  #visits!: ValueState<number>;
  #last!: ListState<number>;
  #wards!: MapState<number>;
  #notes!: ValueState<Uint8Array>;

  constructor(name: string, notesBytes: number) {
    this.#name = name;
    this.#notesBytes = notesBytes;
  }

  open({ state }: KeyedRuntimeContext): void {
    this.#visits = state.value(valueState<number>({ name: this.#name }));
    this.#last = state.list(listState<number>({ name: 'last' }));
    this.#wards = state.map(mapState<number>({ name: 'wards' }));
    this.#notes = state.value(valueState<Uint8Array>({ name: 'notes' }));
  }

  process(patient: string, context: KeyedProcessContext<Visit>): void {
    const visit = (this.#visits.value() ?? 0) + 1;
    this.#visits.update(visit);
    this.#last.update([...this.#last.get(), visit].slice(-LAST_MAX));
    this.#wards.set(`ward-${visit % 3}`, visit);
    this.#notes.update(notesOf(visit, this.#notesBytes));
    if (visit === 1) {
      context.timers.registerProcessingTime(context.timers.currentProcessingTime + FAR_MS);
    }
    context.emit({ patient, visit, wards: [...this.#wards.keys()].length, last: this.#last.get() });
  }
  onTimer(): void {
    // It is an hour away: what counts is that it is kept.
  }
}

/** So that checkpoints have objects, and not only what they hold inline. */
function notesOf(visit: number, bytes: number): Buffer {
  const random = seededRandom(visit);
  return Buffer.from(Array.from({ length: bytes }, () => random.below(256)));
}
