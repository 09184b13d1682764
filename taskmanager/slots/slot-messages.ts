import type { AttemptKey, Deployment, SplitAssignment, SubtaskKey, TaskReport } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import type { LogLevel } from '../../shared/log/node-logger.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { ExchangeLimits } from '../exchange/exchange-limits.ts';

/** What the main thread tells a slot's thread. Plain data: it crosses a MessagePort. */
export type SlotCommand =
  | { readonly kind: 'start' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'assign-splits'; readonly assignment: SplitAssignment }
  /** Answered by `metrics`. */
  | { readonly kind: 'sample-metrics' };

/** What a slot's thread tells the main thread. The end of the thread itself is told by its `exit`. */
export type SlotReport =
  | { readonly kind: 'task-report'; readonly report: TaskReport }
  | ({ readonly kind: 'split-request' } & AttemptKey & SubtaskKey)
  /** The slot cannot go on, and no single subtask is to blame. */
  | { readonly kind: 'slot-failed'; readonly failure: Failure }
  | { readonly kind: 'metrics'; readonly samples: readonly MetricSample[] }
  /** The slot has ended as it should; the thread ends now. An exit without it was somebody else's. */
  | { readonly kind: 'done' };

/** What a slot's thread is started with, besides its ports. */
export interface SlotSpec {
  readonly deployment: Deployment;
  /** Its number among the job's slots. */
  readonly slot: number;
  /** Path of the job's module in this process' file system. */
  readonly modulePath: string;
  readonly taskManager: TaskManagerId;
  readonly settings: SlotSettings;
}

export interface SlotSettings {
  readonly limits: ExchangeLimits;
  readonly flushAfterMs: number;
  /** What the configuration says to connectors. */
  readonly connectors: ReadonlyMap<string, string>;
  readonly logLevel: LogLevel;
}
