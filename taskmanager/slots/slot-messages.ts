import type { SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { CheckpointCommand, SnapshotStage } from '../../shared/control/checkpoint-messages.ts';
import type { AttemptKey, Deployment, SplitAssignment, SubtaskKey, TaskReport } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId, TaskManagerId } from '../../shared/ids.ts';
import type { LogLevel } from '../../shared/log/node-logger.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { S3Settings } from '../../shared/snapshot-store/node-open-snapshot-store.ts';
import type { ExchangeLimits } from '../exchange/exchange-limits.ts';
import type { StateLimits } from '../operators/state-context.ts';

/** What the main thread tells a slot's thread. Plain data: it crosses a MessagePort. */
export type SlotCommand =
  | { readonly kind: 'start' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'assign-splits'; readonly assignment: SplitAssignment }
  | CheckpointCommand
  /** Nobody hears acknowledgements: alignments are given up (barrier-aligner.ts I6) until the next announcement or trigger. */
  | { readonly kind: 'leader-lost' }
  /** Answered by `metrics`, and by `checkpoint-stages` while a checkpoint is under way. */
  | { readonly kind: 'sample-metrics' };

/** What a slot's thread tells the main thread. The end of the thread itself is told by its `exit`. */
export type SlotReport =
  | { readonly kind: 'task-report'; readonly report: TaskReport }
  | ({ readonly kind: 'split-request' } & AttemptKey & SubtaskKey)
  /** The ages of its committables are those of this moment: the two threads' monotonic clocks differ. */
  | { readonly kind: 'subtask-snapshot'; readonly checkpoint: CheckpointId; readonly snapshot: SubtaskSnapshot }
  | {
      readonly kind: 'subtask-declined';
      readonly checkpoint: CheckpointId;
      readonly subtask: SubtaskKey;
      readonly cause: 'failed' | 'cancelled';
      readonly detail: string;
    }
  | { readonly kind: 'checkpoint-stages'; readonly stages: readonly SlotStage[] }
  | { readonly kind: 'checkpoint-wanted' }
  /** The slot cannot go on, and no single subtask is to blame. */
  | { readonly kind: 'slot-failed'; readonly failure: Failure }
  | { readonly kind: 'metrics'; readonly samples: readonly MetricSample[] }
  /** The slot has ended as it should; the thread ends now. An exit without it was somebody else's. */
  | { readonly kind: 'done' };

/** What a checkpoint waits for at one subtask. */
export interface SlotStage {
  readonly checkpoint: CheckpointId;
  readonly subtask: SubtaskKey;
  readonly stage: SnapshotStage;
}

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
  readonly state: StateSettings;
}

/** Of keyed state and its snapshots. */
export interface StateSettings {
  readonly backend: 'rocksdb' | 'heap';
  /** The folder of all local stores of this machine; each task manager has its own below it. */
  readonly localDir: string;
  /** Of one slot. */
  readonly limits: StateLimits;
  /** How this process reaches the S3 that a deployment names. */
  readonly s3: S3Settings;
}
