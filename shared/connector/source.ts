import type { Clock } from '../clock/clock.ts';
import type { Failure } from '../failure/failure.ts';
import type { SplitId } from '../ids.ts';
import type { Logger } from '../log/logger.ts';
import type { MetricGroup } from '../metrics/metrics.ts';
import type { ConnectorSettings } from './connector-settings.ts';

/**
 * The source port. A source is a description (`SourceSpec`, made by the job), an enumerator that finds splits (run by the
 * coordinator) and readers that read them (run by the task managers).
 *
 * I1  A split is read by one reader at a time. Its start position is resolved once, at discovery, and recorded: a restart
 *     begins from the recorded position, never from a position resolved anew.
 * I2  The reader's state is the authority on what it owns and how far it is: `snapshot()` describes every split that it was
 *     given in this attempt, at the position behind the last record that `poll` handed over, or as finished.
 * I3  `poll` never waits and never hands over more than asked. Fetching goes on beside it, into a bounded buffer; a reader
 *     that is not polled stops fetching.
 */
export interface SourceSpec<T> {
  readonly kind: 'source';
  /** The name under which the processes' wiring registers the connector: `kafka`, `file`, `generator`, `custom`. */
  readonly connector: string;
  /** The connector's own options, already checked; it alone reads them. Never serialised: the job module runs everywhere. */
  readonly options: unknown;
  /** True when the source ends by itself. */
  readonly bounded: boolean;
  /** Everything that is wrong with the options, as sentences; reported with all other problems of the graph. */
  readonly problems: readonly string[];
  /** Names the options in plans: `topic=hl7.raw`. No secrets. */
  readonly summary: string;
  /** Carries T; never set. */
  readonly valueType?: T;
}

/** A part of a source that one reader reads in order, and how far it is (the connector's own JSON). */
export interface SplitState {
  readonly id: SplitId;
  readonly position: string;
}

/** A split as a checkpoint holds it. A finished one is never given to a reader again. */
export interface SplitSnapshot extends SplitState {
  readonly isFinished: boolean;
}

export interface Discovery {
  /** Every split found that is not in `known`, in the order in which they should be read. */
  readonly splits: readonly SplitState[];
  /** True when no split will ever be added: readers that have read theirs are done. */
  readonly isComplete: boolean;
}

export interface EnumeratorContext {
  readonly settings: ConnectorSettings;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Finds splits. Does no assignment: that is the coordinator's `split-assignment`, the same for every connector. */
export interface SplitEnumerator {
  /** `eager`: spread over all readers at once. `on-request`: the next one goes to the reader that asks (files in name order). */
  readonly assignment: 'eager' | 'on-request';
  /** How often to look for new splits; undefined: never after the first time. */
  readonly discoveryIntervalMs: number | undefined;
  /**
   * Looks for splits. With `known` empty it is the first time: start positions are what the user configured. Later, a new
   * split starts at its earliest record (else records written before its discovery are lost).
   * Throws a StreamError; `fail-job` when it cannot succeed later (an unknown topic, a refused login).
   */
  discover(known: ReadonlySet<SplitId>, signal: AbortSignal): Promise<Discovery>;
  close(): Promise<void>;
}

export interface SourceReaderContext {
  readonly settings: ConnectorSettings;
  readonly subtask: number;
  readonly parallelism: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
  /** Tells the slot's loop that `poll` may have something now. Cheap; may be called at any time. */
  wake(): void;
  /**
   * Asks the coordinator for another split (`on-request` sources). May be called from within `open` on, and from anywhere,
   * also outside `poll`. A request is answered by `addSplits` or, when none is left, by `noMoreSplits`; while further splits
   * may yet be found it waits at the coordinator, so one request is enough. Requests made before the attempt runs are kept,
   * a few for each reader; none outlives its attempt: the reader of the next one asks again.
   */
  requestSplit(): void;
  /** Ends the attempt. For failures of background work; `poll` may also throw a StreamError. */
  fail(failure: Failure): void;
}

export interface SourceOutput<T> {
  /** `timestampMs`: the record's own time, undefined when it has none. `split` is the one it was read from. */
  collect(value: T, timestampMs: number | undefined, split: SplitId): void;
}

/** `more`: poll again now. `wait`: nothing until `wake`. `finished`: every split is read and none will come. */
export type PollResult = 'more' | 'wait' | 'finished';

export interface SourceReader<T> {
  open(context: SourceReaderContext, signal: AbortSignal): Promise<void>;
  addSplits(splits: readonly SplitState[]): void;
  /** No split will be added any more. */
  noMoreSplits(): void;
  poll(recordsMax: number, output: SourceOutput<T>): PollResult;
  /** Cheap and synchronous: called at a barrier. */
  snapshot(): readonly SplitSnapshot[];
  /** What `snapshot()` gave for a checkpoint that has completed: to tell the outside how far reading is, for monitoring only. */
  checkpointCompleted?(splits: readonly SplitSnapshot[]): void;
  close(): Promise<void>;
}
