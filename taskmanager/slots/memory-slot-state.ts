import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { OperatorUid } from '../../shared/ids.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { StateLimits } from '../operators/state-context.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import type { SlotState } from './slot-state.ts';

export interface MemorySlotStateOptions {
  readonly snapshots?: SnapshotStore;
  readonly restored?: CheckpointMetadata;
  readonly limits?: StateLimits;
  readonly lineage?: string;
}

const LIMITS: StateLimits = { dirtySoftBytes: 2 ** 25, dirtyHardBytes: 2 ** 27, cacheBytes: 2 ** 26 };

/** State in memory: stores are empty at each opening, as after the loss of a disk. */
export class MemorySlotState implements SlotState {
  readonly snapshots: SnapshotStore;
  readonly lineage: string;
  readonly restored: CheckpointMetadata | undefined;
  readonly limits: StateLimits;
  static #openings = 0;
  readonly #opening: number;

  constructor(options: MemorySlotStateOptions = {}) {
    this.snapshots = options.snapshots ?? new MemorySnapshotStore();
    this.lineage = options.lineage ?? 'lineage';
    this.restored = options.restored;
    this.limits = options.limits ?? LIMITS;
    MemorySlotState.#openings += 1;
    this.#opening = MemorySlotState.#openings;
  }

  objectPrefix(uid: OperatorUid, subtask: number): string {
    return `jobs/job/state/${this.#opening}/${uid}/${subtask}`;
  }

  async openStore(): Promise<KeyValueStore> {
    return await Promise.resolve(new MemoryKeyValueStore());
  }

  async yieldTurn(): Promise<void> {
    await Promise.resolve();
  }
}
