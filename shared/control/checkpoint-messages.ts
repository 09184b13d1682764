import type { CheckpointId } from '../ids.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { AttemptKey, SubtaskKey } from './messages.ts';

/**
 * The words of the control stream about checkpoints. All name an attempt; a word about another attempt changes nothing.
 *
 * K1  A subtask answers a trigger or a barrier with one acknowledgement or one decline; of all subtasks of a task manager the
 *     acknowledgements are one message.
 * K2  `completed` in a trigger, `checkpoint-completed` and `announce-checkpoints` say the same: everything up to that id is
 *     committed and covered by its marker. Cumulative and repeatable.
 * K3  After a new session the coordinator sends `announce-checkpoints` for each attempt that goes on; only then does a task
 *     manager resend the acknowledgements that it holds.
 */
export type CheckpointCommand =
  | ({
      readonly kind: 'trigger-checkpoint';
      readonly checkpoint: CheckpointId;
      readonly triggeredAtMs: number;
      /** Those of this task manager at which barriers start: sources, and subtasks all of whose producers have finished. */
      readonly subtasks: readonly SubtaskKey[];
      /** `stop`: sources emit nothing behind the barrier. `drain`: and time is advanced to its end before it. */
      readonly final: 'stop' | 'drain' | undefined;
      readonly completed: CheckpointId | undefined;
    } & AttemptKey)
  | ({ readonly kind: 'checkpoint-completed'; readonly checkpoint: CheckpointId } & AttemptKey)
  | ({ readonly kind: 'checkpoint-aborted'; readonly checkpoint: CheckpointId } & AttemptKey)
  /** Everything above `completed` up to `issued` is aborted, but for `pending`. */
  | ({
      readonly kind: 'announce-checkpoints';
      readonly completed: CheckpointId | undefined;
      readonly issued: CheckpointId | undefined;
      readonly pending: readonly CheckpointId[];
    } & AttemptKey);

export type CheckpointReport =
  | ({ readonly kind: 'acknowledge-checkpoint'; readonly ack: Acknowledgement } & AttemptKey)
  | ({
      readonly kind: 'decline-checkpoint';
      readonly checkpoint: CheckpointId;
      readonly subtask: SubtaskKey;
      /** `failed`: it could not. `cancelled`: it was told, by its inputs or by the loss of the leader, not to. */
      readonly cause: 'failed' | 'cancelled';
      /** A clause, without patient data: `could not store its state (minio-timeout)`. */
      readonly detail: string;
    } & AttemptKey)
  /** At most once a second for each task manager while a checkpoint is under way: only explanations depend on it. */
  | ({
      readonly kind: 'checkpoint-progress';
      readonly checkpoint: CheckpointId;
      readonly stages: readonly { readonly subtask: SubtaskKey; readonly stage: SnapshotStage }[];
    } & AttemptKey)
  /** State grows out of its memory, or a subtask has read all its input: do not wait for the interval. */
  | ({ readonly kind: 'checkpoint-wanted' } & AttemptKey);

/** What a subtask was last heard to be doing for a checkpoint. */
export type SnapshotStage =
  /** The subtasks whose barriers are missing, as far as the subtask says. */
  | { readonly kind: 'waiting-for-barriers'; readonly from: readonly string[] }
  | { readonly kind: 'waiting-for-operator' }
  | { readonly kind: 'flushing-sink' }
  | { readonly kind: 'writing-state' }
  | { readonly kind: 'done' };
