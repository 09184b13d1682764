import type { SinkSpec } from '../connector/sink.ts';
import type { SourceSpec } from '../connector/source.ts';
import type {
  AsyncFunction,
  CoProcessFunction,
  FilterFunction,
  FlatMapFunction,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  KeySelector,
  MapFunction,
  ProcessContext,
  ProcessFunction,
} from '../functions/functions.ts';
import type { OutputTag } from '../functions/output-tag.ts';
import type { Quarantine } from '../functions/quarantine.ts';
import type { WatermarkStrategy } from '../functions/watermarks.ts';
import type { Serializer } from '../serialization/serializer.ts';
import { erase, eraseQuarantine, eraseSerializer } from './erase-wire.ts';
import type { GraphRecorder, OpenEnd, OperatorOptions, RecordedOptions } from './graph-recorder.ts';
import { MAIN_OUTPUT } from './logical-graph.ts';
import type { AsyncSpec, OperatorSpec, Partitioning } from './logical-graph.ts';

/** Options of an operator whose uid is mandatory, since its state, its position or its output is found by it. */
export type NamedOptions = OperatorOptions & { readonly uid: string };

/** Options of an operator with an output. */
export interface OutputOptions<Out> {
  /** How the main output is written where it crosses to another subtask; default: msgpackr, for plain data. */
  readonly serializer?: Serializer<Out>;
}

/** Options of an operator whose function a record may make throw. */
export interface QuarantineOptions<In> {
  /**
   * What becomes of a record on which the function throws in attempt after attempt: `quarantineTo(tag, …)`. Absent: the job
   * restarts as long as its restart strategy allows.
   */
  readonly quarantine?: Quarantine<In>;
}

export interface SourceOptions<T> {
  /** How the source tells event time: `boundedOutOfOrderness`. Without it timers by event time fire when the input ends. */
  readonly watermarks?: WatermarkStrategy<T>;
}

export interface AsyncOptions {
  readonly order?: 'ordered' | 'unordered';
  /** Most calls under way in one subtask (default 100). */
  readonly inFlightMax?: number;
  /** A call that takes longer costs the attempt (default 60,000). */
  readonly timeoutMs?: number;
}

/** Where a job begins: hands out sources. One per build. */
export class Flow {
  readonly #recorder: GraphRecorder;

  constructor(recorder: GraphRecorder) {
    this.#recorder = recorder;
  }

  /**
   * Reports something that keeps the job from running, such as two arguments that exclude each other. The build goes on, so
   * that the user is told every problem at once; after it, nothing is started.
   */
  problem(text: string): void {
    this.#recorder.problems.push(text);
  }

  source<T>(source: SourceSpec<T>, options: NamedOptions & OutputOptions<T> & SourceOptions<T>): Stream<T> {
    for (const problem of source.problems) {
      this.#recorder.problems.push(`source "${options.uid}": ${problem}`);
    }
    const { watermarks } = options;
    const spec: OperatorSpec =
      watermarks === undefined
        ? { kind: 'source', source }
        : { kind: 'source', source, watermarks: erase<WatermarkStrategy<T>, WatermarkStrategy<unknown>>(watermarks) };
    const uid = this.#recorder.add(spec, [], options);
    return new Stream(this.#recorder, [open(uid, MAIN_OUTPUT, options.serializer)]);
  }
}

/**
 * A stream of values of one type. Each method adds an operator that reads this stream and gives the operator's output.
 * Records of one producer subtask reach one consumer subtask in order.
 */
export class Stream<T> {
  protected readonly recorder: GraphRecorder;
  readonly ends: readonly OpenEnd[];

  constructor(recorder: GraphRecorder, ends: readonly OpenEnd[]) {
    this.recorder = recorder;
    this.ends = ends;
  }

  map<U>(
    map: MapFunction<T, U>,
    options: OperatorOptions & OutputOptions<U> & QuarantineOptions<T> = {},
  ): ProcessedStream<U> {
    return this.#processed({ kind: 'map', map: erase(map) }, options);
  }

  filter(
    filter: FilterFunction<T>,
    options: OperatorOptions & OutputOptions<T> & QuarantineOptions<T> = {},
  ): ProcessedStream<T> {
    const uid = this.recorder.add({ kind: 'filter', filter: erase(filter) }, [this.ends], recorded(options));
    const end = open(uid, MAIN_OUTPUT, options.serializer);
    const serializer = end.serializer ?? inheritedSerializer(this.ends);
    return new ProcessedStream(this.recorder, uid, [{ ...end, serializer }]);
  }

  flatMap<U>(
    flatMap: FlatMapFunction<T, U>,
    options: OperatorOptions & OutputOptions<U> & QuarantineOptions<T> = {},
  ): ProcessedStream<U> {
    return this.#processed({ kind: 'flat-map', flatMap: erase(flatMap) }, options);
  }

  /** The general operator: any number of outputs per record, side outputs, `open` and `close`. */
  process<U>(
    process: ProcessFunction<T, U> | ((value: T, context: ProcessContext<U>) => void),
    options: NamedOptions & OutputOptions<U> & QuarantineOptions<T>,
  ): ProcessedStream<U> {
    const fn: ProcessFunction<T, U> = typeof process === 'function' ? { process } : process;
    return this.#processed({ kind: 'process', process: erase(fn) }, options);
  }

  /** The only way to wait for something outside: bounded in flight, ordered or not. */
  mapAsync<U>(call: AsyncFunction<T, U>, options: NamedOptions & OutputOptions<U> & AsyncOptions): Stream<U> {
    const spec: AsyncSpec = {
      call: erase(call),
      order: options.order ?? 'ordered',
      inFlightMax: options.inFlightMax ?? 100,
      timeoutMs: options.timeoutMs ?? 60_000,
    };
    const uid = this.recorder.add({ kind: 'async', async: spec }, [this.ends], { ...options, chaining: 'head' });
    return new Stream(this.recorder, [open(uid, MAIN_OUTPUT, options.serializer)]);
  }

  /** Records of one key go to one subtask, in order. The key travels with the record. */
  keyBy(key: KeySelector<T>): KeyedStream<T> {
    return new KeyedStream(this.recorder, this.#dealt({ kind: 'hash', key: erase(key) }));
  }

  /** Deals records out in turn, whatever the parallelism of both sides. */
  rebalance(): Stream<T> {
    return new Stream(this.recorder, this.#dealt({ kind: 'rebalance' }));
  }

  /** Every consumer subtask gets every record. */
  broadcast(): Stream<T> {
    return new Stream(this.recorder, this.#dealt({ kind: 'broadcast' }));
  }

  /** One stream of all; no order between them. */
  union(...others: readonly Stream<T>[]): Stream<T> {
    return new Stream(this.recorder, [...this.ends, ...others.flatMap((other) => other.ends)]);
  }

  /** Two streams of different types into one operator. */
  connect<U>(other: Stream<U>): ConnectedStreams<T, U> {
    return new ConnectedStreams(this.recorder, this.ends, other.ends);
  }

  sinkTo(sink: SinkSpec<T>, options: NamedOptions): void {
    for (const problem of sink.problems) {
      this.recorder.problems.push(`sink "${options.uid}": ${problem}`);
    }
    this.recorder.add({ kind: 'sink', sink }, [this.ends], options);
  }

  #dealt(partitioning: Partitioning): readonly OpenEnd[] {
    return this.ends.map((end) => ({ ...end, partitioning }));
  }

  #processed<U>(
    spec: OperatorSpec,
    options: OperatorOptions & OutputOptions<U> & QuarantineOptions<T>,
  ): ProcessedStream<U> {
    const uid = this.recorder.add(spec, [this.ends], recorded(options));
    return new ProcessedStream(this.recorder, uid, [open(uid, MAIN_OUTPUT, options.serializer)]);
  }
}

/** What an operator gives: its main output, and its side outputs by tag (of others than `process`, only its quarantine's). */
export class ProcessedStream<T> extends Stream<T> {
  readonly #uid: string;

  constructor(recorder: GraphRecorder, uid: string, ends: readonly OpenEnd[]) {
    super(recorder, ends);
    this.#uid = uid;
  }

  sideOutput<S>(tag: OutputTag<S>): Stream<S> {
    if (tag.id === MAIN_OUTPUT) {
      this.recorder.problems.push(`operator "${this.#uid}": a side output must not be called "${MAIN_OUTPUT}"`);
    }
    return new Stream(this.recorder, [open(this.#uid, tag.id, tag.serializer)]);
  }
}

/** A stream dealt out by key. */
export class KeyedStream<T> {
  readonly #recorder: GraphRecorder;
  readonly ends: readonly OpenEnd[];

  constructor(recorder: GraphRecorder, ends: readonly OpenEnd[]) {
    this.#recorder = recorder;
    this.ends = ends;
  }

  process<U>(
    process: KeyedProcessFunction<T, U>,
    options: NamedOptions & OutputOptions<U> & QuarantineOptions<T>,
  ): ProcessedStream<U> {
    const uid = this.#recorder.add({ kind: 'keyed-process', process: erase(process) }, [this.ends], recorded(options));
    return new ProcessedStream(this.#recorder, uid, [open(uid, MAIN_OUTPUT, options.serializer)]);
  }

  /**
   * Two keyed streams into one operator, which has one state and the same timers for a key of both. Each stream has its own key
   * selector; what they give for the same patient, say, must be the same text.
   */
  connect<U>(other: KeyedStream<U>): KeyedConnectedStreams<T, U> {
    return new KeyedConnectedStreams(this.#recorder, this.ends, other.ends);
  }
}

/** Two keyed streams in front of one operator. A record of either goes to the subtask that has its key. */
export class KeyedConnectedStreams<A, B> {
  readonly #recorder: GraphRecorder;
  readonly #first: readonly OpenEnd[];
  readonly #second: readonly OpenEnd[];

  constructor(recorder: GraphRecorder, first: readonly OpenEnd[], second: readonly OpenEnd[]) {
    this.#recorder = recorder;
    this.#first = first;
    this.#second = second;
  }

  process<U>(
    process: KeyedCoProcessFunction<A, B, U>,
    options: NamedOptions & OutputOptions<U> & QuarantineOptions<A | B>,
  ): ProcessedStream<U> {
    const spec: OperatorSpec = { kind: 'keyed-co-process', process: erase(process) };
    const uid = this.#recorder.add(spec, [this.#first, this.#second], recorded(options));
    return new ProcessedStream(this.#recorder, uid, [open(uid, MAIN_OUTPUT, options.serializer)]);
  }
}

export class ConnectedStreams<A, B> {
  readonly #recorder: GraphRecorder;
  readonly #first: readonly OpenEnd[];
  readonly #second: readonly OpenEnd[];

  constructor(recorder: GraphRecorder, first: readonly OpenEnd[], second: readonly OpenEnd[]) {
    this.#recorder = recorder;
    this.#first = first;
    this.#second = second;
  }

  process<U>(
    process: CoProcessFunction<A, B, U>,
    options: NamedOptions & OutputOptions<U> & QuarantineOptions<A | B>,
  ): ProcessedStream<U> {
    const spec: OperatorSpec = { kind: 'co-process', process: erase(process) };
    const uid = this.#recorder.add(spec, [this.#first, this.#second], recorded(options));
    return new ProcessedStream(this.#recorder, uid, [open(uid, MAIN_OUTPUT, options.serializer)]);
  }
}

function open<T>(from: string, output: string, serializer: Serializer<T> | undefined): OpenEnd {
  return { from, output, partitioning: { kind: 'forward' }, serializer: eraseSerializer(serializer) };
}

function recorded<In>(options: OperatorOptions & QuarantineOptions<In>): RecordedOptions {
  return { ...options, quarantine: eraseQuarantine(options.quarantine) };
}

/** A filter passes values on as they are, so its output is written as its input was. */
function inheritedSerializer(ends: readonly OpenEnd[]): Serializer<unknown> | undefined {
  const first = ends[0]?.serializer;
  return ends.every((end) => end.serializer === first) ? first : undefined;
}
