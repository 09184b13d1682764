import type { Binary } from './binary.ts';
import type { SegmentRef } from './segment-ref.ts';
import type { SplitSnapshot } from '../connector/source.ts';
import type { AttemptNumber, CheckpointId, JobId, LeaderEpoch, OperatorUid } from '../ids.ts';

/** The metadata of a checkpoint or savepoint (proto/checkpoint.proto, where its rules stand) as values of our own types. */
export interface CheckpointMetadata {
  readonly jobId: JobId;
  readonly checkpoint: CheckpointId;
  readonly kind: 'checkpoint' | 'savepoint';
  readonly leaderEpoch: LeaderEpoch;
  readonly attempt: AttemptNumber;
  readonly triggeredAtMs: number;
  readonly completedAtMs: number;
  readonly lineage: string;
  readonly fingerprint: string;
  readonly artifact: string;
  readonly operators: readonly OperatorMetadata[];
}

export interface OperatorMetadata {
  readonly uid: OperatorUid;
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly hashId: string;
  readonly states: readonly StateDictionaryEntry[];
  /** By subtask index. */
  readonly subtasks: readonly SubtaskMetadata[];
  /** What the coordinator keeps of a source's splits (JSON); undefined: none. */
  readonly coordinatorState: string | undefined;
}

export interface SubtaskMetadata {
  readonly keyed: readonly SegmentRef[];
  readonly lists: readonly OperatorListSnapshot[];
  readonly splits: readonly SplitSnapshot[];
  readonly committables: readonly string[];
  readonly isFinished: boolean;
  readonly watermarkMs: number | undefined;
}

export const STATE_KINDS = ['value', 'list', 'map', 'large-map', 'reducing', 'aggregating', 'timers'] as const;
export type StateKind = (typeof STATE_KINDS)[number];

/** What the checkpoint records of one state: how it is found again, and what is in it. */
export interface StateDictionaryEntry {
  readonly name: string;
  /** Two bytes of each key. Never given to another name of the same operator, also not after the state is gone. */
  readonly id: number;
  readonly kind: StateKind;
  /** Of the values written last. */
  readonly version: number;
  /** The serializer's id; `msgpackr/1` by default. */
  readonly serializer: string;
}

/** One list state of one subtask without keys. */
export interface OperatorListSnapshot {
  readonly name: string;
  readonly redistribution: 'split' | 'union';
  readonly elements: readonly Binary[];
}
