import type { SnapshotStage } from '../../shared/control/checkpoint-messages.ts';
import type { CheckpointId, SubtaskIndex, VertexId } from '../../shared/ids.ts';
import type { SubtaskKey } from '../../shared/control/messages.ts';

/**
 * Why a checkpoint did not complete: a closed list (Flink: CheckpointFailureReason).
 *
 *   counted against the tolerable failures: something is wrong that may go on
 *     declined                a subtask could not make its snapshot (its sink's flush, a state write)
 *     expired                 it was not complete in time
 *     metadata-write-failed   the metadata object was refused, or its key was taken
 *     pointer-write-refused   etcd refused the pointer for certain (quota, size)
 *     ack-unusable            an acknowledgement does not describe what it should
 *   not counted: a consequence of something else, which is counted where it belongs
 *     subsumed                a later one completed first
 *     cancelled               a subtask gave it up since its inputs did, or no leader was there
 *     task-manager-lost       a task manager was lost, or lost its connection, before it acknowledged
 *     subtask-finished        a subtask ended before it took part
 *     attempt-ending          the attempt is restarted, cancelled or has failed
 *   not counted: the attempt is restarted from the checkpoint before
 *     committable-too-old     a prepared transaction might expire before it is committed
 *     committable-missing     an acknowledgement left out a prepared transaction
 */
export type AbortReason = CountedReason | UncountedReason | FatalReason;

export type CountedReason = 'declined' | 'expired' | 'metadata-write-failed' | 'pointer-write-refused' | 'ack-unusable';
export type UncountedReason = 'subsumed' | 'cancelled' | 'task-manager-lost' | 'subtask-finished' | 'attempt-ending';
export type FatalReason = 'committable-too-old' | 'committable-missing';

const COUNTS: Readonly<Record<AbortReason, boolean>> = {
  declined: true,
  expired: true,
  'metadata-write-failed': true,
  'pointer-write-refused': true,
  'ack-unusable': true,
  subsumed: false,
  cancelled: false,
  'task-manager-lost': false,
  'subtask-finished': false,
  'attempt-ending': false,
  'committable-too-old': false,
  'committable-missing': false,
};

export function countsAsFailure(reason: AbortReason): boolean {
  return COUNTS[reason];
}

/** `correlate#2`. */
export function subtaskName({ vertex, subtask }: { vertex: VertexId; subtask: SubtaskIndex }): string {
  return `${vertex}#${subtask}`;
}

export function describeStage(stage: SnapshotStage | undefined): string {
  switch (stage?.kind) {
    case undefined:
      return 'its barrier, or its answer';
    case 'waiting-for-barriers':
      return stage.from.length === 0 ? 'its barriers' : `the barriers of ${list(stage.from)}`;
    case 'waiting-for-operator':
      return 'a record that an operator has not finished';
    case 'flushing-sink':
      return 'the last writes of its sink';
    case 'writing-state':
      return 'its state to be stored';
    case 'done':
      return "its task manager's acknowledgement";
  }
}

export interface Explained {
  readonly checkpoint: CheckpointId;
  readonly reason: AbortReason;
  readonly afterMs: number;
  /** The subtask that it is about, if it is about one. */
  readonly subtask: SubtaskKey | undefined;
  /** A clause: what happened, or what was waited for. */
  readonly detail: string;
}

/** The one sentence under which a failed checkpoint is logged and shown. */
export function explain({ checkpoint, reason, afterMs, subtask, detail }: Explained): string {
  const who = subtask === undefined ? '' : `${subtaskName(subtask)} `;
  return `Checkpoint ${checkpoint} failed after ${Math.round(afterMs)} ms (${reason}): ${who}${detail}.`;
}

const NAMED_MAX = 3;

export function list(names: readonly string[]): string {
  const named = names.slice(0, NAMED_MAX).join(', ');
  return names.length > NAMED_MAX ? `${named} and ${names.length - NAMED_MAX} more` : named;
}
