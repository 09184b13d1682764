import { mergeSegments } from '../../shared/checkpoint/merge-segments.ts';
import { BASE_POLICY, planBase } from '../../shared/checkpoint/plan-base.ts';
import type { BasePolicy } from '../../shared/checkpoint/plan-base.ts';
import { MERGE_POLICY, planMerge } from '../../shared/checkpoint/plan-merge.ts';
import type { MergePolicy } from '../../shared/checkpoint/plan-merge.ts';
import type { ReadSegmentOptions } from '../../shared/checkpoint/read-segment.ts';
import type { SegmentCatalog } from '../../shared/checkpoint/segment-catalog.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { StateEntry } from '../../shared/checkpoint/state-entry.ts';
import { baseLabel, deltaLabel, writeSegments } from '../../shared/checkpoint/write-segments.ts';
import type { WriteSegmentsOptions } from '../../shared/checkpoint/write-segments.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { StoreEntry } from './key-value-store.ts';
import type { KeyedStore } from './keyed-store.ts';
import type { SealedLayer } from './layer-stack.ts';
import { Permits } from './permits.ts';
import { keysOfRange } from './state-key.ts';

export interface KeyedSnapshotsOptions {
  readonly store: KeyedStore;
  readonly catalog: SegmentCatalog;
  readonly range: KeyGroupRange;
  readonly writing: WriteSegmentsOptions;
  readonly reading: ReadSegmentOptions;
  /** Called after each object of a snapshot was stored (not of merges and bases). */
  readonly afterObject?: () => Promise<void>;
  readonly mergePolicy?: MergePolicy;
  readonly basePolicy?: BasePolicy;
}

const ENTRIES_PER_SLICE = 512;

/**
 * Snapshots of one subtask's keyed state.
 *
 * N1  `freeze` is all that happens at the barrier. `write` may run while records flow, and may fail: its layers stay, and the
 *     next `write` begins with them.
 * N2  Segments are written in the order of their layers, one `write` at a time; so the description of a checkpoint has every
 *     change up to it, also those of checkpoints that were aborted.
 * N3  `maintain` touches only completed checkpoints, and what it replaces stays named by the acknowledgements already given.
 */
export class KeyedSnapshots {
  readonly #options: KeyedSnapshotsOptions;
  readonly #catalog: SegmentCatalog;
  readonly #writes = new Permits(1);
  #unwritten: SealedLayer[] = [];

  constructor(options: KeyedSnapshotsOptions) {
    this.#options = options;
    this.#catalog = options.catalog;
  }

  /** Bytes of all segments that make up the state: what a restore may have to read. */
  get segmentBytes(): number {
    return this.#catalog.refs.reduce((sum, { length }) => sum + length, 0);
  }

  /** Whether there is any state, as far as it is written. */
  get hasSegments(): boolean {
    return this.#catalog.refs.length > 0;
  }

  freeze(checkpoint: CheckpointId): void {
    this.#unwritten.push(...this.#options.store.freeze(checkpoint));
  }

  /**
   * Writes what is frozen up to `checkpoint` and describes the whole state as of then. `signal` gives this write up, as far as
   * it has not come about.
   */
  async write(checkpoint: CheckpointId, signal?: AbortSignal): Promise<readonly SegmentRef[]> {
    const { writing } = this.#options;
    const call = signal === undefined ? writing.call : { ...writing.call, signal };
    return await this.#writes.run(async () => {
      for (let layer = this.#next(checkpoint); layer !== undefined; layer = this.#next(checkpoint)) {
        const owner = required(layer.checkpoint, 'the checkpoint of a frozen layer');
        const label = deltaLabel(this.#options.range, owner, () => this.#catalog.partsOf(owner));
        const entries = this.#options.store.entriesOf(layer);
        const written = await writeSegments(entries, label, {
          ...writing,
          call,
          afterObject: this.#options.afterObject,
        });
        // A rollback while it was written has dropped the layer: its objects are garbage.
        if (this.#unwritten[0] === layer) {
          this.#unwritten.shift();
          this.#catalog.add(written);
        }
      }
      return this.#catalog.describe(checkpoint);
    });
  }

  async complete(checkpoint: CheckpointId): Promise<void> {
    await this.#options.store.complete(checkpoint);
  }

  /** False: the local store is ahead of `checkpoint` and must be restored anew. */
  async rollback(checkpoint: CheckpointId): Promise<boolean> {
    this.#unwritten = this.#unwritten.filter((layer) => (layer.checkpoint ?? checkpoint + 1n) <= checkpoint);
    this.#catalog.rollback(checkpoint);
    return await this.#options.store.rollback(checkpoint);
  }

  /** One step of merging or rewriting a base; true when there was something to do. For idle times, never at once with itself. */
  async maintain(): Promise<boolean> {
    const completed = this.#options.store.completed;
    if (completed === undefined) {
      return false;
    }
    const run = planMerge(this.#catalog.refs, completed, this.#options.mergePolicy ?? MERGE_POLICY);
    if (run !== undefined) {
      this.#catalog.replace(run, await mergeSegments(run, this.#options.reading, this.#options.writing));
      return true;
    }
    const bundle = planBase(
      this.#catalog.refs,
      this.#options.range,
      completed,
      this.#options.basePolicy ?? BASE_POLICY,
    );
    if (bundle === undefined) {
      return false;
    }
    await this.#writeBase(bundle);
    return true;
  }

  #next(checkpoint: CheckpointId): SealedLayer | undefined {
    const layer = this.#unwritten[0];
    return layer?.checkpoint !== undefined && layer.checkpoint <= checkpoint ? layer : undefined;
  }

  async #writeBase(bundle: KeyGroupRange): Promise<void> {
    const { snapshot, checkpoint } = await this.#options.store.pin();
    try {
      const at = required(checkpoint, 'the checkpoint that the store holds');
      const entries = putsOf(snapshot.scan(keysOfRange(bundle), ENTRIES_PER_SLICE));
      const base = await writeSegments(entries, baseLabel(bundle, at), this.#options.writing);
      this.#catalog.addBase(bundle, at, base);
    } finally {
      await snapshot.release();
    }
  }
}

async function* putsOf(batches: AsyncIterable<readonly StoreEntry[]>): AsyncGenerator<readonly StateEntry[]> {
  for await (const batch of batches) {
    yield batch.map(({ key, value }) => ({ kind: 'put', key, value }));
  }
}
