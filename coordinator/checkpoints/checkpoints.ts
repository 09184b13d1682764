import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { EpochMs } from '../../shared/clock/clock.ts';
import type { SinkCommittables, SubtaskKey } from '../../shared/control/messages.ts';
import type { AttemptNumber, CheckpointId, JobId, LeaderEpoch, TaskManagerId, VertexId } from '../../shared/ids.ts';
import type { Instant } from '../membership/members.ts';
import type { SnapshotStage } from '../../shared/control/checkpoint-messages.ts';
import type { CheckpointPointer, SavepointPin, SavepointRequest } from './checkpoint-events.ts';
import type { CheckpointIds } from './checkpoint-ids.ts';
import type { CheckpointSettings } from './checkpoint-settings.ts';
import type { CheckpointPlan, Participants } from './plan-checkpoint.ts';
import type { PreparedOutput, PreparedOutputs } from './prepared-output.ts';
import type { KnownSplits } from './known-splits-wire.ts';
import type { WriteProgress } from './write-progress.ts';
import type { ReceivedAcknowledgement } from './received-acknowledgement.ts';

/** The checkpoints of one attempt, under one leader. Its rules: checkpoint-step.ts. */
export interface Checkpoints {
  readonly identity: CheckpointIdentity;
  readonly settings: CheckpointSettings;
  readonly phase: Phase;
  readonly ids: CheckpointIds;
  /** Undefined until all of its subtasks run. */
  readonly participants: Participants | undefined;
  /** Triggered, and not yet on their way to the pointer; in ascending order of their ids. */
  readonly pending: ReadonlyMap<CheckpointId, PendingCheckpoint>;
  readonly completing: CompletingCheckpoint | undefined;
  readonly completed: CompletedCheckpoint | undefined;
  /** mod_revisions of the job's records; 0: absent. */
  readonly revisions: { readonly pointer: bigint; readonly marker: bigint };
  readonly prepared: PreparedOutputs;
  /** Counted failures since the last completed checkpoint. */
  readonly failuresInARow: number;
  /** When the next periodic checkpoint is due. */
  readonly dueAt: Instant;
  /** Wait for a checkpoint to serve them. */
  readonly requests: readonly SavepointRequest[];
  /** Completed, and being copied for whoever asked (undefined: a former leader's caller). */
  readonly copying: readonly { readonly pin: SavepointPin; readonly request: number | undefined }[];
}

/**
 *   replaying ─▶ open ─▶ closing ─▶ settled
 *       │          └────────▶ stopped        (a final checkpoint is complete, its terminal record durable)
 *       └▶ stopped           any ─▶ dead     (fenced, or prepared output is lost)
 *
 *   replaying  finishes the commits of a pointer without marker that was found
 *   closing    takes no new checkpoint; finishes what has passed the metadata object, and every write in doubt
 */
export type Phase = 'replaying' | 'open' | 'closing' | 'settled' | 'stopped' | 'dead';

export interface CheckpointIdentity {
  readonly jobId: JobId;
  readonly attempt: AttemptNumber;
  readonly leaderEpoch: LeaderEpoch;
  /** mod_revision of the attempt's record while the attempt is not condemned. */
  readonly attemptRevision: bigint;
  readonly lineage: string;
  readonly fingerprint: string;
  readonly artifact: string;
}

export interface PendingCheckpoint {
  readonly checkpoint: CheckpointId;
  readonly triggeredAt: Instant;
  readonly triggeredAtMs: EpochMs;
  readonly plan: CheckpointPlan;
  readonly acks: ReadonlyMap<TaskManagerId, TakenAcknowledgement>;
  /** By `subtaskName`. */
  readonly stages: ReadonlyMap<string, SnapshotStage>;
  readonly requests: readonly SavepointRequest[];
  readonly final: 'stop' | 'drain' | undefined;
}

export interface TakenAcknowledgement {
  readonly ack: ReceivedAcknowledgement;
  /** What it named as prepared, with its age as of the receipt. */
  readonly outputs: readonly PreparedOutput[];
}

/** Everyone has acknowledged. One at a time: the pointer of n + 1 is not written before the marker of n. */
export interface CompletingCheckpoint {
  readonly checkpoint: CheckpointId;
  readonly triggeredAt: Instant;
  readonly requests: readonly SavepointRequest[];
  readonly metadata: CheckpointMetadata;
  readonly pointer: CheckpointPointer;
  readonly committables: readonly SinkCommittables[];
  /** The same, with their age; none when the pointer was found already written. */
  readonly outputs: readonly PreparedOutput[];
  readonly stage: CompletionStage;
}

/** metadata ─▶ pointer ─▶ commits ─▶ marker (─▶ terminal). Until `metadata` is over it can still be aborted; after, never. */
export type CompletionStage =
  | { readonly kind: 'metadata' | 'pointer' | 'marker' | 'terminal'; readonly write: WriteProgress }
  | { readonly kind: 'commits' };

export interface CompletedCheckpoint {
  readonly checkpoint: CheckpointId;
  readonly metadata: CheckpointMetadata;
  readonly pointer: CheckpointPointer;
}

/** What every step is told of the moment. */
export interface CheckpointContext {
  readonly now: Instant;
  readonly wallMs: EpochMs;
  /** What is known of each source's splits: kept in the metadata, so that whoever restores it needs no other record. */
  readonly sources?: ReadonlyMap<VertexId, KnownSplits>;
}

/** True from the moment a checkpoint that stops the job is triggered, until it fails. */
export function isStopping({ pending, completing }: Checkpoints): boolean {
  return completing?.pointer.final !== undefined || [...pending.values()].some(({ final }) => final !== undefined);
}

/** All that must be awaited of a pending checkpoint, with the task manager that owes it. */
export function missingSubtasks({
  plan,
  acks,
}: PendingCheckpoint): readonly { readonly taskManager: TaskManagerId; readonly subtask: SubtaskKey }[] {
  return [...plan.awaited].flatMap(([taskManager, subtasks]) =>
    acks.has(taskManager) ? [] : subtasks.map((subtask) => ({ taskManager, subtask })),
  );
}

export function isFullyAcknowledged({ plan, acks }: PendingCheckpoint): boolean {
  return acks.size === plan.awaited.size;
}
