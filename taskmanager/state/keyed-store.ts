import type { Binary } from '../../shared/checkpoint/binary.ts';
import { prefixEnd } from '../../shared/checkpoint/binary.ts';
import type { EntryStream } from '../../shared/checkpoint/state-entry.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { captureRow, captureSection } from './capture-layers.ts';
import { DELETED } from './dirty-layer.ts';
import { EpochStore } from './epoch-store.ts';
import { FetchPlan } from './fetch-plan.ts';
import type { RowRequest } from './fetch-plan.ts';
import type { KeyValueStore, StoreEntry, StoreRange, StoreSnapshot, StoreWrite } from './key-value-store.ts';
import { keysToRead, peekEntry, resolveEntry } from './large-entry.ts';
import type { EntryPlace } from './large-entry.ts';
import { sortedEntries, writeOfEntry, writesOf } from './layer-entries.ts';
import type { SealedLayer } from './layer-stack.ts';
import type { Lease } from './lease.ts';
import { formatOverlayEntries } from './overlay-entry.ts';
import { Permits } from './permits.ts';
import { entriesOfOverlay, scanOver } from './scan-layers.ts';
import { OVERLAY_END, OVERLAY_PREFIX, overlayPrefix } from './state-key.ts';
import { STAMP_KEY, formatStamp, parseStamp } from './store-stamp-wire.ts';
import type { StoreIdentity, StoreStamp } from './store-stamp-wire.ts';

export interface KeyedStoreLimits {
  /** Above it an early checkpoint is worth asking for. */
  readonly dirtySoftBytes: number;
  /** Above it layers are spilled to disk. */
  readonly dirtyHardBytes: number;
  readonly cacheBytes: number;
}

export interface KeyedStoreOptions {
  readonly store: KeyValueStore;
  readonly identity: StoreIdentity;
  readonly limits: KeyedStoreLimits;
  /** Lets the slot's loop run; called between slices of background work. */
  readonly yieldTurn: () => Promise<void>;
  /** Writes in one atomic batch. */
  readonly batchMax?: number;
}

/** What the slot should do about unapplied writes in memory. `full`: run the subtask no more until `relieve` has ended. */
export type Pressure = 'none' | 'checkpoint' | 'spill' | 'full';

export interface SweepVisitor {
  entry(entry: StoreEntry): void;
  /** There is nothing more in the range. */
  end(): void;
}

/** A moment at which the store holds exactly one checkpoint. */
export interface PinnedCheckpoint {
  readonly checkpoint: CheckpointId | undefined;
  readonly snapshot: StoreSnapshot;
}

const BATCH_MAX = 1_000;
const ENTRIES_PER_SLICE = 512;
/** How far above the hard limit a subtask may still write: what one turn can bring. */
const OVERDRAFT = 1.25;

/**
 * The epoch store of one subtask over its local store. Reads that must wait and background work are here; what user code does
 * is synchronous, in `epochs`.
 *
 * Changes of the local store are made one after the other (`#writer`): it holds a completed checkpoint, or is between two.
 */
export class KeyedStore {
  readonly epochs: EpochStore;
  readonly #store: KeyValueStore;
  readonly #limits: KeyedStoreLimits;
  readonly #yieldTurn: () => Promise<void>;
  readonly #batchMax: number;
  readonly #writer = new Permits(1);
  #stamp: StoreStamp;
  /** Rows that were asked of the local store so far. */
  rowsFetched = 0;

  private constructor(options: KeyedStoreOptions, stamp: StoreStamp) {
    this.epochs = new EpochStore(options.limits.cacheBytes);
    this.#store = options.store;
    this.#limits = options.limits;
    this.#yieldTurn = options.yieldTurn;
    this.#batchMax = options.batchMax ?? BATCH_MAX;
    this.#stamp = stamp;
  }

  /**
   * Over a store that is empty or that a restore has filled and stamped; overlays of an earlier process are dropped. The
   * caller has decided that the store is the right one (`decideLocalRecovery`).
   */
  static async open(options: KeyedStoreOptions): Promise<KeyedStore> {
    await options.store.apply([{ kind: 'delete-range', from: OVERLAY_PREFIX, to: OVERLAY_END }]);
    const [stamp] = await options.store.getMany([STAMP_KEY]);
    const empty: StoreStamp = { ...options.identity, checkpoint: undefined, applying: undefined };
    return new KeyedStore(options, parseStamp(stamp) ?? empty);
  }

  /** The checkpoint that the local store holds. */
  get completed(): CheckpointId | undefined {
    return this.#stamp.checkpoint;
  }

  get pressure(): Pressure {
    const { bytes } = this.epochs.layers;
    const { dirtySoftBytes, dirtyHardBytes } = this.#limits;
    if (bytes <= dirtySoftBytes) {
      return 'none';
    }
    return bytes <= dirtyHardBytes ? 'checkpoint' : bytes <= dirtyHardBytes * OVERDRAFT ? 'spill' : 'full';
  }

  // ------------------------------------------------------------------------------------------- reading

  /** Makes rows readable; a promise only when the store must be asked. A void lease: the store was rolled back meanwhile. */
  prefetch(requests: readonly RowRequest[]): Lease | Promise<Lease> {
    const plan = this.epochs.planFetch(requests);
    return plan instanceof FetchPlan ? this.#fetch(plan) : plan;
  }

  async getEntry(place: EntryPlace): Promise<Binary | undefined> {
    const known = peekEntry(this.epochs.layers, place);
    if (known !== undefined) {
      return known === DELETED ? undefined : known;
    }
    const ticket = this.epochs.layers.beginRead();
    try {
      const keys = keysToRead(this.epochs.layers, place);
      const values = await this.#store.getMany(keys);
      const answers = new Map<Binary, Binary>();
      values.forEach((value, i) => value !== undefined && answers.set(required(keys[i], 'a key'), value));
      return resolveEntry(this.epochs.layers, place, answers);
    } finally {
      this.epochs.layers.endRead(ticket);
    }
  }

  /** All entries of one row as they are at this moment, in key order; later writes are not seen. Must be iterated. */
  scanRow(section: number, row: Binary): EntryStream {
    const range = { from: row, to: required(prefixEnd(row), 'the end of a row') };
    return scanOver(this.#store.snapshot(), captureRow(this.epochs.layers, section, row), range);
  }

  /** Rows of one section as they are at this moment, in key order; later writes are not seen. Must be iterated. */
  scanSection(section: number, range: StoreRange): EntryStream {
    return scanOver(this.#store.snapshot(), captureSection(this.epochs.layers, section, range), range);
  }

  /**
   * Shows a visitor entries of the local store in a range, at most `entriesMax`. What it deletes then (`deleteSwept`) was not
   * written since: the read is under way until the visit ends. Gives the key to go on from; undefined at the end.
   */
  async sweep(range: StoreRange, entriesMax: number, visitor: SweepVisitor): Promise<Binary | undefined> {
    const ticket = this.epochs.layers.beginRead();
    try {
      for await (const batch of this.#store.scan(range, entriesMax)) {
        batch.forEach((entry) => {
          visitor.entry(entry);
        });
        const last = batch.at(-1);
        if (last !== undefined && batch.length === entriesMax) {
          return `${last.key}\0`;
        }
      }
      visitor.end();
      return undefined;
    } finally {
      this.epochs.layers.endRead(ticket);
    }
  }

  // ------------------------------------------------------------------------------------------- epochs

  /** The synchronous part of a snapshot. Gives the layers that the checkpoint adds. */
  freeze(checkpoint: CheckpointId): readonly SealedLayer[] {
    return this.epochs.layers.freeze(checkpoint);
  }

  /** A frozen layer's changes in key order, wherever it stands now; for its segment. */
  entriesOf(layer: SealedLayer): EntryStream {
    if (layer.content !== undefined) {
      return this.#inTurns(sortedEntries(layer.content, ENTRIES_PER_SLICE));
    }
    const prefix = overlayPrefix(layer.sequence);
    const range = { from: prefix, to: required(prefixEnd(prefix), 'the end of an overlay') };
    return entriesOfOverlay(this.#store.scan(range, ENTRIES_PER_SLICE), prefix);
  }

  /** Applies every layer up to `checkpoint`. Cumulative and repeatable: an earlier or the same one does nothing. */
  async complete(checkpoint: CheckpointId): Promise<void> {
    await this.#writer.run(async () => {
      await this.#complete(checkpoint);
    });
  }

  /**
   * Back to `checkpoint`, without a download: from the call on every read sees the state as of then. False when the store has
   * gone beyond it and must be restored anew.
   */
  async rollback(checkpoint: CheckpointId): Promise<boolean> {
    this.epochs.rollback(checkpoint);
    return await this.#writer.run(async () => {
      const reached = this.#stamp.applying ?? this.#stamp.checkpoint;
      if (reached !== undefined && reached > checkpoint) {
        return false;
      }
      await this.#complete(checkpoint);
      await this.#dropOverlays();
      return true;
    });
  }

  /** Spills the oldest layers until memory is below the soft limit. The slot starts it when `pressure` says `spill`. */
  async relieve(): Promise<void> {
    await this.#writer.run(async () => {
      if (this.epochs.layers.bytes <= this.#limits.dirtyHardBytes) {
        return;
      }
      this.epochs.layers.seal();
      for (const layer of [...this.epochs.layers.sealed]) {
        if (this.epochs.layers.bytes <= this.#limits.dirtySoftBytes) {
          break;
        }
        if (layer.content !== undefined && !layer.isSpilled) {
          await this.#spill(layer);
        }
      }
      await this.#dropOverlays();
    });
  }

  /** A moment between two checkpoints, for a base segment. The snapshot must be released. */
  async pin(): Promise<PinnedCheckpoint> {
    return await this.#writer.run(
      async () => await Promise.resolve({ checkpoint: this.#stamp.checkpoint, snapshot: this.#store.snapshot() }),
    );
  }

  async close(): Promise<void> {
    await this.#writer.run(async () => {
      await this.#store.close();
    });
  }

  // ------------------------------------------------------------------------------------------- below

  async #fetch(plan: FetchPlan): Promise<Lease> {
    this.rowsFetched += plan.missing.length;
    try {
      const keys = plan.gets();
      plan.takeGets(keys, await this.#store.getMany(keys));
      for (const range of plan.scans()) {
        for await (const entries of this.#store.scan(range, ENTRIES_PER_SLICE)) {
          plan.takeScan(range, entries);
        }
      }
    } catch (error) {
      this.epochs.abandonFetch(plan);
      throw error;
    }
    return this.epochs.finishFetch(plan);
  }

  async #complete(checkpoint: CheckpointId): Promise<void> {
    if (this.#stamp.checkpoint !== undefined && checkpoint <= this.#stamp.checkpoint) {
      return;
    }
    let pending: StoreWrite[] | undefined;
    for (const layer of this.epochs.layers.toApply(checkpoint)) {
      for await (const writes of this.#writesOf(layer)) {
        if (pending !== undefined) {
          await this.#apply(pending, { ...this.#stamp, applying: checkpoint });
        }
        pending = writes;
      }
    }
    // The last batch and the stamp are one: a store that says it holds the checkpoint does.
    await this.#apply(pending ?? [], { ...this.#stamp, checkpoint, applying: undefined });
    for (const layer of this.epochs.layers.toApply(checkpoint)) {
      this.epochs.layers.applied(layer.sequence);
    }
    await this.#dropOverlays();
  }

  async #apply(writes: readonly StoreWrite[], stamp: StoreStamp): Promise<void> {
    await this.#store.apply([...writes, { kind: 'put', key: STAMP_KEY, value: formatStamp(stamp) }]);
    this.#stamp = stamp;
  }

  async *#writesOf(layer: SealedLayer): AsyncGenerator<StoreWrite[]> {
    if (layer.content !== undefined) {
      yield* this.#inTurns(writesOf(layer.content, this.#batchMax));
      return;
    }
    for await (const entries of this.entriesOf(layer)) {
      yield entries.map(writeOfEntry);
    }
  }

  async #spill(layer: SealedLayer): Promise<void> {
    const prefix = overlayPrefix(layer.sequence);
    for (const entries of sortedEntries(required(layer.content, 'the content of a layer'), this.#batchMax)) {
      const writes = formatOverlayEntries(entries).map(({ key, value }) => ({
        kind: 'put' as const,
        key: prefix + key,
        value,
      }));
      await this.#store.apply(writes);
      await this.#yieldTurn();
    }
    this.epochs.layers.spilled(layer.sequence);
  }

  async #dropOverlays(): Promise<void> {
    const dropped = this.epochs.layers.takeDropped();
    await this.#store.apply(
      dropped.map((sequence) => {
        const from = overlayPrefix(sequence);
        return { kind: 'delete-range' as const, from, to: required(prefixEnd(from), 'the end of an overlay') };
      }),
    );
  }

  async *#inTurns<T>(slices: Iterable<T>): AsyncGenerator<T> {
    for (const slice of slices) {
      yield slice;
      await this.#yieldTurn();
    }
  }
}
