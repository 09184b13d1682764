import type { Clock } from '../clock/clock.ts';
import type { Failure } from '../failure/failure.ts';
import type { AttemptNumber, CheckpointId } from '../ids.ts';
import type { Logger } from '../log/logger.ts';
import type { MetricGroup } from '../metrics/metrics.ts';
import type { ConnectorSettings } from './connector-settings.ts';

/**
 * The sink port. A sink is a description (`SinkSpec`, made by the job), writers (run by the task managers) and a committer
 * (run by the coordinator, which alone makes prepared output visible).
 *
 * I1  `write` never waits. While `isWritable` is false the slot does not run the subtask; the writer calls `wake` when it
 *     is writable again. What is buffered is bounded by the writer's own settings plus what one turn may emit.
 * I2  After `flush` resolves, everything written before is acknowledged by the outside; a send that failed makes it reject.
 * I3  `prepareCommit` first flushes. What it returns is all that the committer needs, in any process, after any crash. What is
 *     written after its call belongs to the next; nothing of what it returned is touched again by the writer.
 * I4  `commit` is idempotent. Prepared output is dropped only by `abandon`, with the whole attempt that prepared it: that of an
 *     aborted checkpoint is committed with a later one (DESIGN §8.4).
 * I5  After `abandon` of an attempt resolves, no writer of that attempt, also not one that was frozen and wakes up, can make
 *     anything visible.
 */
export interface SinkSpec<T> {
  readonly kind: 'sink';
  readonly connector: string;
  readonly options: unknown;
  readonly problems: readonly string[];
  readonly summary: string;
  readonly valueType?: T;
}

export interface SinkWriterContext {
  readonly settings: ConnectorSettings;
  readonly jobId: string;
  readonly uid: string;
  readonly attempt: AttemptNumber;
  readonly subtask: number;
  readonly parallelism: number;
  /** `DeployedCheckpointing`: first part of every transactional id, and how many of them a writer may have prepared. */
  readonly clusterId: string;
  readonly transactionPool: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
  wake(): void;
  fail(failure: Failure): void;
}

/** A promise of a writer that the committer can keep: the connector's own JSON. */
export type Committable = string;

/** Output that is flushed and waits for its commit. */
export interface PreparedOutput {
  readonly committable: Committable;
  /** `clock.monotonicMs()` when its transaction began. */
  readonly beganAtMs: number;
  /** After which the outside drops it unless it is committed; undefined: never. */
  readonly timeoutMs: number | undefined;
}

export interface SinkWriter<T> {
  open(context: SinkWriterContext, signal: AbortSignal): Promise<void>;
  readonly isWritable: boolean;
  write(value: T): void;
  flush(signal: AbortSignal): Promise<void>;
  /**
   * What was written up to this call, flushed. Empty when nothing was written since the last time, or when what is flushed is
   * visible already (at-least-once). Called at the barrier of `checkpoint`, in the same turn as the snapshot; `write` may be
   * called again before it resolves: the writer keeps the two apart. Calls do not overlap.
   */
  prepareCommit(checkpoint: CheckpointId, signal: AbortSignal): Promise<readonly PreparedOutput[]>;
  /** Everything prepared for a checkpoint up to this one is committed, and covered by a marker. Cumulative, repeatable. */
  committed(checkpoint: CheckpointId): void;
  close(): Promise<void>;
}

export interface CommitterContext {
  readonly settings: ConnectorSettings;
  readonly jobId: string;
  readonly uid: string;
  readonly clusterId: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** An attempt none of whose output is to be committed any more. */
export interface AbandonedAttempt {
  readonly attempt: AttemptNumber;
  /** Of the sink in that attempt. */
  readonly parallelism: number;
  readonly transactionPool: number;
}

export interface SinkCommitter {
  /**
   * What is wrong with the sink's settings for a job whose checkpoints need transactions of `neededMs`
   * (`transactionTimeoutNeededMs`), as sentences; may ask the outside. Called before a job is accepted.
   */
  check(neededMs: number, signal: AbortSignal): Promise<readonly string[]>;
  /** Makes all of them visible. @throws StreamError: `retry`, or `fail-job` with `exactly-once-violation` when output is lost. */
  commit(committables: readonly Committable[], signal: AbortSignal): Promise<void>;
  /** I5. Idempotent. Drops what the attempt prepared and nobody committed. @throws StreamError: `retry` */
  abandon(attempt: AbandonedAttempt, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
