import type { OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';

/** What an operator needs to restore its state, and to snapshot it. One for each operator of a subtask. */
export interface StateContext {
  readonly snapshots: SnapshotStore;
  /** Begins every object's key; no other subtask, attempt or process ever uses it. */
  readonly objectPrefix: string;
  readonly lineage: string;
  /** The checkpoint that the attempt begins with, and what it holds of this uid; undefined: empty state. */
  readonly restored: { readonly checkpoint: CheckpointId; readonly operator: OperatorMetadata | undefined } | undefined;
  readonly subtask: number;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly limits: StateLimits;
  /** The local store of this operator's subtask; called at most once, and only by operators with keyed state. */
  openStore(): Promise<KeyValueStore>;
  /** Lets the slot's loop run; called between slices of background work. */
  yieldTurn(): Promise<void>;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** Calls back once after `delayMs`; gives a function that takes it back. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
  /** What the operator waited for is there: the loop should look. */
  readonly wake: () => void;
  /** Background work failed: the attempt is over. */
  readonly fail: (failure: Failure) => void;
  /** Changes fill the memory that they may have: a checkpoint should not wait for its interval. */
  readonly wantCheckpoint: () => void;
}

/** Of one operator's subtask: the slot's limits, shared among its operators with keyed state. Bytes. */
export interface StateLimits {
  readonly dirtySoftBytes: number;
  readonly dirtyHardBytes: number;
  readonly cacheBytes: number;
}
