import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { stateObjectPrefix } from '../../shared/checkpoint/object-keys.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import type { Deployment } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseSubtaskIndex } from '../../shared/ids.ts';
import type { OperatorUid, TaskManagerId } from '../../shared/ids.ts';
import { openSnapshotStore } from '../../shared/snapshot-store/node-open-snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { StateLimits } from '../operators/state-context.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import { RocksdbKeyValueStore } from '../state/rocksdb-key-value-store.ts';
import type { StateSettings } from './slot-messages.ts';
import type { SlotState } from './slot-state.ts';

/** Of reading the metadata of the checkpoint that the attempt begins with, retries included. */
const METADATA_DEADLINE_MS = 60_000;
/** Folders tried for a store: one that is locked by somebody else, or damaged, is left alone. */
const FOLDERS_MAX = 4;

/**
 * The state of a slot in this process: the snapshot store that the deployment names, and local stores below `localDir`, one for
 * each operator's subtask, kept over restarts of the process under the same identity.
 */
export class NodeSlotState implements SlotState {
  readonly snapshots: SnapshotStore;
  readonly lineage: string;
  readonly restored: CheckpointMetadata | undefined;
  readonly limits: StateLimits;
  readonly #deployment: Deployment;
  readonly #settings: StateSettings;
  readonly #taskManager: TaskManagerId;
  readonly #nonce = randomBytes(6).toString('hex');

  private constructor(
    { deployment, settings, taskManager }: NodeSlotStateOptions,
    snapshots: SnapshotStore,
    restored: CheckpointMetadata | undefined,
  ) {
    this.snapshots = snapshots;
    this.restored = restored;
    this.lineage = deployment.checkpointing.lineage;
    this.limits = settings.limits;
    this.#deployment = deployment;
    this.#settings = settings;
    this.#taskManager = taskManager;
  }

  /** @throws StreamError `snapshot-location-invalid`, `snapshot-metadata-missing`, `snapshot-metadata-malformed`, and of the store */
  static async open(options: NodeSlotStateOptions, signal: AbortSignal): Promise<NodeSlotState> {
    const { directory, restore } = options.deployment.checkpointing;
    const snapshots = await openSnapshotStore(directory, options.settings.s3);
    const restored =
      restore === undefined
        ? undefined
        : await readMetadata(snapshots, restore.metadataKey, { deadlineMs: METADATA_DEADLINE_MS, signal });
    return new NodeSlotState(options, snapshots, restored);
  }

  objectPrefix(uid: OperatorUid, subtask: number): string {
    const { jobId, attempt } = this.#deployment;
    return stateObjectPrefix({ jobId, attempt, uid, subtask: parseSubtaskIndex(subtask), nonce: this.#nonce });
  }

  async openStore(uid: OperatorUid, subtask: number): Promise<KeyValueStore> {
    if (this.#settings.backend === 'heap') {
      return new MemoryKeyValueStore();
    }
    const folder = join(this.#settings.localDir, this.#taskManager, this.#deployment.jobId, uid);
    await makeFolder(folder);
    // RocksDB's own lock keeps two processes, or two threads, out of one store (DESIGN §6): then another folder serves, empty.
    for (let n = 1; ; n += 1) {
      try {
        return await RocksdbKeyValueStore.open({ path: join(folder, n === 1 ? `${subtask}` : `${subtask}-${n}`) });
      } catch (error) {
        if (n === FOLDERS_MAX) {
          throw error;
        }
      }
    }
  }

  async yieldTurn(): Promise<void> {
    await nextTurn();
  }

  async close(): Promise<void> {
    await this.snapshots.close();
  }
}

export interface NodeSlotStateOptions {
  readonly deployment: Deployment;
  readonly taskManager: TaskManagerId;
  readonly settings: StateSettings;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StreamError(
      {
        code: 'state-store-failed',
        reaction: 'restart-job',
        message: `the folder ${path} for the local state stores cannot be made`,
        remedy: 'Check state.local-dir, or io.tmp.dirs: the folder must be writable and have room.',
      },
      { cause: error },
    );
  }
}
