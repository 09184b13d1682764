import type { OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointId } from '../../shared/ids.ts';
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
  readonly nowMs: () => number;
}

/** Of one operator's subtask: the slot's limits, shared among its operators with keyed state. Bytes. */
export interface StateLimits {
  readonly dirtySoftBytes: number;
  readonly dirtyHardBytes: number;
  readonly cacheBytes: number;
}
