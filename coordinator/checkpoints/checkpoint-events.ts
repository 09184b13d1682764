import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SinkCommittables, SubtaskKey } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { AttemptNumber, CheckpointId, JobId, LeaderEpoch, TaskManagerId } from '../../shared/ids.ts';
import type { SnapshotStage } from '../../shared/control/checkpoint-messages.ts';
import type { AbortReason } from './abort-reason.ts';
import type { Participants } from './plan-checkpoint.ts';
import type { ReceivedAcknowledgement } from './received-acknowledgement.ts';

/** Everything that can happen to the checkpoints of one attempt. The caller has checked that it is about this attempt. */
export type CheckpointEvent =
  /** All subtasks of a new attempt run. */
  | { readonly kind: 'started'; readonly participants: Participants }
  /** This leader took over an attempt that runs. */
  | { readonly kind: 'adopted'; readonly participants: Participants }
  | { readonly kind: 'tick' }
  /** Some state grows out of its memory: do not wait for the interval. */
  | { readonly kind: 'checkpoint-wanted' }
  | ({ readonly kind: 'savepoint-wanted' } & SavepointRequest)
  | { readonly kind: 'acknowledged'; readonly ack: ReceivedAcknowledgement }
  | {
      readonly kind: 'declined';
      readonly checkpoint: CheckpointId;
      readonly subtask: SubtaskKey;
      /** `failed`: it could not. `cancelled`: it was told, by its inputs or by the loss of the leader, not to. */
      readonly cause: 'failed' | 'cancelled';
      /** A clause: `could not store its state (minio-timeout)`. */
      readonly detail: string;
    }
  | {
      /** Of one task manager, at best once a second while a checkpoint is under way: only explanations depend on it. */
      readonly kind: 'progress';
      readonly checkpoint: CheckpointId;
      readonly stages: readonly { readonly subtask: SubtaskKey; readonly stage: SnapshotStage }[];
    }
  | { readonly kind: 'subtask-finished'; readonly subtask: SubtaskKey }
  /** It lost only its connection, and has registered again with the attempt still running. Held acknowledgements follow. */
  | { readonly kind: 'task-manager-back'; readonly taskManager: TaskManagerId }
  | WriteAnswered
  | { readonly kind: 'committed'; readonly checkpoint: CheckpointId }
  /** Prepared output is lost, or cannot be committed: `ExactlyOnceViolation` and its like. */
  | { readonly kind: 'commit-broken'; readonly checkpoint: CheckpointId; readonly failure: Failure }
  | {
      readonly kind: 'savepoint-copied';
      readonly checkpoint: CheckpointId;
      /** As asked for. */
      readonly directory: string;
      /** Where it stands, for the caller; as asked for when absent. */
      readonly path?: string;
      /** Undefined: it is there, its manifest written last. */
      readonly failure: Failure | undefined;
    }
  /** The attempt is to be restarted, cancelled or has failed. What has begun is finished; then `settled`. */
  | { readonly kind: 'end' };

export interface SavepointRequest {
  /** Names the caller that waits for the answer. */
  readonly request: number;
  readonly directory: string;
  /** `stop`: sources emit nothing behind the barrier. `drain`: and time is advanced to its end before it. */
  readonly mode: 'go-on' | 'stop' | 'drain';
}

export type WriteAnswered =
  | { readonly kind: 'object-answered'; readonly checkpoint: CheckpointId; readonly answer: ObjectAnswer }
  | { readonly kind: 'record-answered'; readonly record: CheckpointRecord['kind']; readonly answer: RecordAnswer };

/**
 * `ambiguous`: it may be there, may not, and may still appear. `refused`: it is not there and never will be (no access, no
 * space). `exists`: the key holds other bytes.
 */
export type ObjectAnswer =
  { readonly kind: 'created' | 'exists' | 'ambiguous' } | { readonly kind: 'refused'; readonly failure: Failure };

/**
 * The answer of a fenced transaction.
 *
 *   done       the record holds this value since `revision`: by this transaction, or by an earlier copy of it whose answer was
 *              lost (the transaction failed its comparison, and its own else-branch read exactly this value)
 *   fenced     a comparison failed and the value is another's: someone newer leads, or the attempt is condemned
 *   ambiguous  not known, and it may still land. Only the same transaction again gives a definite answer: of all copies at
 *              most one can ever succeed, since the first changes the revision that they compare
 *   refused    certainly not done, and no copy of it is under way (quota, size)
 */
export type RecordAnswer =
  | { readonly kind: 'done'; readonly revision: bigint }
  | { readonly kind: 'fenced' | 'ambiguous' }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type CheckpointRecord =
  | { readonly kind: 'ids'; readonly reservedTo: CheckpointId }
  | { readonly kind: 'pointer'; readonly pointer: CheckpointPointer }
  | { readonly kind: 'marker'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'terminal'; readonly checkpoint: CheckpointId; readonly how: 'stop' | 'drain' };

/** The last checkpoint of a job: its commit record. Its metadata object holds the committables. */
export interface CheckpointPointer extends CheckpointHandle {
  readonly jobId: JobId;
  readonly attempt: AttemptNumber;
  readonly leaderEpoch: LeaderEpoch;
  /** The last completed ones, this included, oldest first. */
  readonly retained: readonly CheckpointHandle[];
  /** Checkpoints that are being copied into a savepoint: kept until they are. */
  readonly pins: readonly SavepointPin[];
  /** With it the job stops: whoever leads finishes commits, marker, terminal record, savepoint. */
  readonly final: 'stop' | 'drain' | undefined;
}

export interface CheckpointHandle {
  readonly checkpoint: CheckpointId;
  readonly metadataKey: string;
}

export interface SavepointPin extends CheckpointHandle {
  readonly directory: string;
}

/**
 * What must become durable. Performed in order; each is answered by one event. A step never holds a send that needs one of its
 * persists: that send comes with the step that takes the answer.
 */
export type CheckpointPersist =
  | { readonly kind: 'put-object'; readonly key: string; readonly metadata: CheckpointMetadata }
  | {
      readonly kind: 'put-record';
      readonly record: CheckpointRecord;
      /** The mod_revision of the key that is replaced; 0: it must be absent. */
      readonly expectedRevision: bigint;
      readonly leaderEpoch: LeaderEpoch;
      /** Compared too if given: a condemned attempt writes no pointer. */
      readonly attemptRevision: bigint | undefined;
    };

export type CheckpointSend =
  | {
      readonly kind: 'trigger';
      readonly to: TaskManagerId;
      readonly checkpoint: CheckpointId;
      readonly triggeredAtMs: number;
      readonly subtasks: readonly SubtaskKey[];
      readonly final: 'stop' | 'drain' | undefined;
      /** Repeated here, so that a lost `complete` costs nothing. */
      readonly completed: CheckpointId | undefined;
    }
  | { readonly kind: 'complete'; readonly to: TaskManagerId; readonly checkpoint: CheckpointId }
  | { readonly kind: 'abort'; readonly to: TaskManagerId; readonly checkpoint: CheckpointId }
  /** Where things stand, for one that may have missed something: all ids above `completed`, up to `issued`, are aborted but for `pending`. */
  | {
      readonly kind: 'announce';
      readonly to: TaskManagerId;
      readonly completed: CheckpointId | undefined;
      readonly issued: CheckpointId | undefined;
      readonly pending: readonly CheckpointId[];
    }
  | { readonly kind: 'commit'; readonly checkpoint: CheckpointId; readonly committables: readonly SinkCommittables[] }
  /** Every earlier checkpoint's commits are done: an attempt may be deployed or adopted. */
  | { readonly kind: 'ready' }
  /** After `end`, or after `restart-attempt`: nothing of this attempt is in doubt or half done any more. */
  | { readonly kind: 'settled' }
  /** The terminal record is durable. */
  | { readonly kind: 'stopped'; readonly checkpoint: CheckpointId }
  /** `settled` follows. */
  | { readonly kind: 'restart-attempt'; readonly failure: Failure }
  | { readonly kind: 'fail-job'; readonly failure: Failure }
  /** Someone newer leads: the process must end. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'copy-savepoint'; readonly pin: SavepointPin }
  | { readonly kind: 'answer-savepoint'; readonly request: number; readonly answer: SavepointAnswer }
  /** For the log, the metrics and whoever asks. */
  | { readonly kind: 'completed'; readonly checkpoint: CheckpointId; readonly tookMs: number }
  | {
      readonly kind: 'failed';
      readonly checkpoint: CheckpointId;
      readonly reason: AbortReason;
      readonly sentence: string;
    };

export type SavepointAnswer =
  | { readonly kind: 'done'; readonly checkpoint: CheckpointId; readonly directory: string }
  | { readonly kind: 'failed'; readonly failure: Failure };
