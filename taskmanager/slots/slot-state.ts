import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { OperatorUid } from '../../shared/ids.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { StateLimits } from '../operators/state-context.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';

/** Where the state of one slot of one attempt comes from and goes to. Adapters: `node-slot-state.ts`, memory. */
export interface SlotState {
  readonly snapshots: SnapshotStore;
  readonly lineage: string;
  /** The checkpoint that the attempt begins with; undefined: empty state. */
  readonly restored: CheckpointMetadata | undefined;
  /** Of the whole slot: its operators with keyed state share them. */
  readonly limits: StateLimits;
  /** Begins the keys of all objects of one operator's subtask (`StateContext.objectPrefix`). */
  objectPrefix(uid: OperatorUid, subtask: number): string;
  /**
   * The local store of one operator's subtask, which nobody else has open: of this attempt, of an earlier one or of another
   * process. @throws StreamError `state-store-failed`
   */
  openStore(uid: OperatorUid, subtask: number): Promise<KeyValueStore>;
  /** Lets the slot's loop run. */
  yieldTurn(): Promise<void>;
}
