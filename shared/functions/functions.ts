import type { OutputTag } from './output-tag.ts';
import type { KeyedRuntimeContext, RuntimeContext } from './runtime-context.ts';
import type { Timers } from './timers.ts';

/**
 * What users write. A function is called for one record at a time, on one thread, and must not wait: work that waits
 * goes into an async operator. An emit always succeeds; the runtime stops feeding the function while its outputs are full.
 * A throw costs the attempt (the job restarts): a record that is bad is not a throw, it leaves by a side output. What becomes of a
 * record on which the function throws in every attempt its operator's `quarantine` says (quarantine.ts).
 */
export interface Lifecycle {
  /** Called once per subtask and attempt, before the first record. */
  open?(context: RuntimeContext): void;
  /** Called once when the subtask ends, also after a failure. */
  close?(): void;
}

export interface ProcessContext<Out> {
  emit(value: Out): void;
  sideOutput<S>(tag: OutputTag<S>, value: S): void;
  /** The record's event time in epoch milliseconds; undefined while no timestamp was assigned. */
  readonly timestamp: number | undefined;
}

export interface KeyedProcessContext<Out> extends ProcessContext<Out> {
  readonly currentKey: string;
  /** Timers of the current key. */
  readonly timers: Timers;
}

export interface OnTimerContext<Out> extends KeyedProcessContext<Out> {
  /** Whose time reached the timer's. `timestamp` is the timer's time. */
  readonly timeDomain: 'event' | 'processing';
}

export interface ProcessFunction<In, Out> extends Lifecycle {
  process(value: In, context: ProcessContext<Out>): void;
  /** Called once after the last record of a bounded input; may emit. */
  finish?(context: ProcessContext<Out>): void;
}

export interface KeyedProcessFunction<In, Out> extends Omit<Lifecycle, 'open'> {
  /** Here the function declares its states: `this.#count = context.state.value(COUNT)`. They speak of the current key. */
  open?(context: KeyedRuntimeContext): void;
  /**
   * May give a promise only to read a `LargeMapState`: the subtask then takes no other record and no barrier until it ends, and
   * what it emits after its first wait counts as emitted by this record.
   */
  process(value: In, context: KeyedProcessContext<Out>): void | Promise<void>;
  /** Each registered timer once, in the order of their times, with the state of its key. */
  onTimer?(timestamp: number, context: OnTimerContext<Out>): void | Promise<void>;
}

/**
 * Two keyed inputs, one function: `connect` of two keyed streams. State and timers are the key's, whichever input it came by; a
 * record of one input and one of the other with the same key meet here, in no order between the inputs.
 */
export interface KeyedCoProcessFunction<In1, In2, Out> extends Omit<Lifecycle, 'open'> {
  /** As in `KeyedProcessFunction`. */
  open?(context: KeyedRuntimeContext): void;
  /** May give a promise as `KeyedProcessFunction.process` may. */
  process1(value: In1, context: KeyedProcessContext<Out>): void | Promise<void>;
  process2(value: In2, context: KeyedProcessContext<Out>): void | Promise<void>;
  /** Each registered timer once, whichever input registered it. */
  onTimer?(timestamp: number, context: OnTimerContext<Out>): void | Promise<void>;
}

/** Two inputs, one function: `connect`. */
export interface CoProcessFunction<In1, In2, Out> extends Lifecycle {
  process1(value: In1, context: ProcessContext<Out>): void;
  process2(value: In2, context: ProcessContext<Out>): void;
}

export type MapFunction<In, Out> = (value: In) => Out;
export type FilterFunction<In> = (value: In) => boolean;
/** May be a generator: the runtime takes from it only while the outputs have room. */
export type FlatMapFunction<In, Out> = (value: In) => Iterable<Out>;

/**
 * Work that waits for something outside. `signal` aborts at the operator's timeout and when the task ends.
 * A rejection or a timeout costs the attempt; return a value that says so where that is not wanted.
 */
export type AsyncFunction<In, Out> = (value: In, signal: AbortSignal) => Promise<Out>;
/** A record's key. Keys are compared by their UTF-8 bytes, without normalisation. */
export type KeySelector<In> = (value: In) => string;
