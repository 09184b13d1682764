import type { OperatorListSnapshot, StateDictionaryEntry } from '../checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../checkpoint/segment-ref.ts';
import type { Committable } from '../connector/sink.ts';
import type { SplitSnapshot } from '../connector/source.ts';
import type { CheckpointId, OperatorUid } from '../ids.ts';
import type { SubtaskKey } from './messages.ts';

/**
 * What a task manager says of one checkpoint: one message, when all of its subtasks have made their snapshots and everything
 * they name is stored.
 *
 * I1  It describes the whole state: base and all deltas, those of aborted checkpoints too. Differences are a way to write that.
 * I2  It carries every committable that is not covered by a marker of which the task manager has heard (DESIGN §8.4), so
 *     that of an aborted checkpoint no prepared output is lost, and a new leader needs nothing but the next acknowledgement.
 */
export interface Acknowledgement {
  readonly checkpoint: CheckpointId;
  readonly subtasks: readonly SubtaskSnapshot[];
}

export interface SubtaskSnapshot extends SubtaskKey {
  readonly operators: readonly OperatorSnapshot[];
}

export interface OperatorSnapshot {
  readonly uid: OperatorUid;
  readonly states: readonly StateDictionaryEntry[];
  readonly keyed: KeyedDescription;
  readonly lists: readonly OperatorListSnapshot[];
  readonly splits: readonly SplitSnapshot[];
  readonly committables: readonly AgedCommittable[];
  /** It has read all its input: with this checkpoint it is done. */
  readonly isFinished: boolean;
  readonly watermarkMs: number | undefined;
}

/** `since` names what is still used of an earlier, completed checkpoint's description of the same subtask, by its places. */
export type KeyedDescription =
  | { readonly kind: 'whole'; readonly segments: readonly SegmentRef[] }
  | {
      readonly kind: 'since';
      readonly checkpoint: CheckpointId;
      readonly kept: readonly number[];
      readonly added: readonly SegmentRef[];
    };

export interface AgedCommittable {
  readonly committable: Committable;
  /** The checkpoint whose barrier it was prepared at: what a marker covers is told by it. */
  readonly preparedFor: CheckpointId;
  /** Since its transaction began, when the message left. */
  readonly ageMs: number;
  /** After which the outside drops what was prepared; undefined: never (a file). */
  readonly timeoutMs: number | undefined;
}
