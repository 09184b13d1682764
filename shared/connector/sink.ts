import type { Clock } from '../clock/clock.ts';
import type { Failure } from '../failure/failure.ts';
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
 * I3  `prepareCommit` first flushes. What it returns is all that the committer needs, in any process, after any crash.
 * I4  `commit` is idempotent.
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
  readonly attempt: number;
  readonly subtask: number;
  readonly parallelism: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: MetricGroup;
  wake(): void;
  fail(failure: Failure): void;
}

/** A promise of a writer that the committer can keep: the connector's own JSON. */
export type Committable = string;

export interface SinkWriter<T> {
  open(context: SinkWriterContext, signal: AbortSignal): Promise<void>;
  readonly isWritable: boolean;
  write(value: T): void;
  flush(signal: AbortSignal): Promise<void>;
  /** Empty when nothing was written since the last time, or when what is flushed is visible already (at-least-once). */
  prepareCommit(signal: AbortSignal): Promise<readonly Committable[]>;
  close(): Promise<void>;
}

export interface CommitterContext {
  readonly settings: ConnectorSettings;
  readonly jobId: string;
  readonly uid: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface SinkCommitter {
  /** Makes all of them visible; throws a StreamError. */
  commit(committables: readonly Committable[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
