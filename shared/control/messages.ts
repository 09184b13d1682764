import type { Committable } from '../connector/sink.ts';
import type { SplitSnapshot, SplitState } from '../connector/source.ts';
import type { FailedRecord, Failure } from '../failure/failure.ts';
import type { ParallelismOverrides } from '../graph/define-job.ts';
import type { RawArguments } from '../graph/job-arguments.ts';
import type {
  ArtifactHash,
  AttemptNumber,
  CheckpointId,
  Incarnation,
  JobId,
  LeaderEpoch,
  OperatorUid,
  SlotIndex,
  SubtaskIndex,
  TaskManagerId,
  VertexId,
} from '../ids.ts';
import type { MetricSample } from '../metrics/metrics.ts';
import type { CheckpointCommand, CheckpointReport } from './checkpoint-messages.ts';

/** The words of the control stream (proto/control.proto, where the rules of the stream stand) as values of our own types. */

export interface AttemptKey {
  readonly jobId: JobId;
  readonly attempt: AttemptNumber;
}

export interface SubtaskKey {
  readonly vertex: VertexId;
  readonly subtask: SubtaskIndex;
}

/** Where a job's code is. */
export type JobModule =
  { readonly kind: 'artifact'; readonly hash: ArtifactHash } | { readonly kind: 'path'; readonly path: string };

/** The task manager's slot that runs slot number `slot` of the job. */
export interface SlotPlace {
  readonly slot: number;
  readonly taskManager: TaskManagerId;
  readonly slotIndex: SlotIndex;
  /** host:port of that task manager's data plane. */
  readonly dataAddress: string;
}

/** All that a task manager needs to run its part of an attempt. */
export interface Deployment extends AttemptKey {
  readonly module: JobModule;
  readonly args: RawArguments;
  readonly defaultParallelism: number;
  readonly maxParallelism: number;
  /** Of single operators, by uid: win over what the job's code says. */
  readonly parallelismOverrides: ParallelismOverrides;
  readonly fingerprint: string;
  readonly slots: readonly SlotPlace[];
  readonly checkpointing: DeployedCheckpointing;
  readonly quarantined: readonly QuarantinedFingerprint[];
}

/** A record that goes to its operator's side output, and not to its function any more. */
export interface QuarantinedFingerprint extends Omit<FailedRecord, 'hasQuarantine'> {
  /** How often the function has thrown on it. */
  readonly failures: number;
}

/** What the subtasks of an attempt are told of its checkpoints: the coordinator's settings rule, not each process' own. */
export interface DeployedCheckpointing {
  /** Checkpoints of the same lineage are of one history: a local store may catch up (store-stamp-wire.ts). */
  readonly lineage: string;
  /** Location of the snapshot store, as `state.checkpoints.dir` gives it. */
  readonly directory: string;
  /** What the attempt begins with; undefined: empty state. */
  readonly restore: RestoreHandle | undefined;
  /** First part of every transactional id: two clusters may share a broker. */
  readonly clusterId: string;
  /** Transactions of one writer that may be prepared at once: the size of its pool of transactional ids. */
  readonly transactionPool: number;
}

/** Each slot reads the metadata object itself, and from it what concerns its subtasks. */
export interface RestoreHandle {
  readonly checkpoint: CheckpointId;
  readonly metadataKey: string;
}

/**
 * initializing → ready → running → finished | failed | cancelled; failed and cancelled also from the earlier states.
 * `finished`: a checkpoint that holds its last state (`isFinished`) has completed, so its output is committed.
 */
export type TaskState = 'initializing' | 'ready' | 'running' | 'finished' | 'failed' | 'cancelled';

export interface SinkCommittables {
  readonly sink: OperatorUid;
  readonly committables: readonly Committable[];
}

export interface TaskReport extends AttemptKey, SubtaskKey {
  readonly state: TaskState;
  /** Present exactly when `state` is `failed`. */
  readonly failure?: Failure;
  /** With a final state: the subtask's last metric values. */
  readonly metrics: readonly MetricSample[];
}

export interface Registration {
  readonly taskManager: TaskManagerId;
  readonly incarnation: Incarnation;
  readonly dataAddress: string;
  readonly slots: number;
  readonly version: string;
  /** Attempts it is still running: not empty when only the connection, or the leader, was lost. */
  readonly attempts: readonly AttemptReport[];
}

/** An attempt as a task manager has it: by this a leader decides whether it can be adopted (DESIGN §9). */
export interface AttemptReport extends AttemptKey {
  /** `ending`: it was cancelled or has failed, and some of it may still run. */
  readonly phase: 'preparing' | 'running' | 'ending';
  readonly fingerprint: string;
  readonly module: JobModule;
  /** The leader that deployed it. */
  readonly deployedBy: LeaderEpoch;
  /** The highest checkpoint that it began with or has heard of as complete: no local store is ahead of it. */
  readonly completed: CheckpointId | undefined;
  /** Those of this task manager, in no order. */
  readonly subtasks: readonly SubtaskStanding[];
}

export interface SubtaskStanding extends SubtaskKey {
  readonly state: TaskState;
  /** Number of its slot within the job. */
  readonly slot: number;
  /** Of the last split assignment that reached it; 0: none. */
  readonly assignment: number;
  /** Every split that it was given; positions as of its last snapshot, or of the assignment. */
  readonly splits: readonly SplitSnapshot[];
}

export type FromTaskManager =
  | ({ readonly kind: 'register' } & Registration)
  | { readonly kind: 'heartbeat'; readonly sentAtMs: number; readonly metrics: readonly MetricSample[] }
  | { readonly kind: 'task-report'; readonly report: TaskReport }
  | ({ readonly kind: 'split-request' } & AttemptKey & SubtaskKey)
  /** The attempt cannot go on here, and no single subtask is to blame (its module, a crashed thread). `attempt-ended` follows. */
  | ({ readonly kind: 'attempt-failed'; readonly failure: Failure } & AttemptKey)
  | ({ readonly kind: 'attempt-ended' } & AttemptKey)
  | CheckpointReport
  /** It is to end, as soon as nothing runs there: repeated in every session until then. */
  | { readonly kind: 'draining' }
  | { readonly kind: 'goodbye'; readonly reason: string };

export interface SplitAssignment extends AttemptKey, SubtaskKey {
  /** 1, 2, … for each subtask of an attempt; a repeat is ignored by the receiver. */
  readonly assignment: number;
  readonly splits: readonly SplitState[];
  readonly noMore: boolean;
}

export type FromCoordinator =
  | {
      readonly kind: 'registered';
      readonly heartbeatIntervalMs: number;
      readonly heartbeatTimeoutMs: number;
      /** Attempts of the registration that are not current: to be cancelled. */
      readonly cancel: readonly AttemptKey[];
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'heartbeat-ack'; readonly sentAtMs: number }
  | { readonly kind: 'deploy'; readonly deployment: Deployment }
  | ({ readonly kind: 'start' } & AttemptKey)
  | ({ readonly kind: 'cancel' } & AttemptKey)
  | ({ readonly kind: 'assign-splits' } & SplitAssignment)
  | CheckpointCommand;

export function attemptName(key: AttemptKey): string {
  return `${key.jobId}#${key.attempt}`;
}
