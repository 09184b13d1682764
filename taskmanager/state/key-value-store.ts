import type { Binary } from '../../shared/checkpoint/binary.ts';

/**
 * An ordered store of bytes on this machine. Adapters: RocksDB (`state.backend: rocksdb`) and memory (`heap`).
 *
 * I1  `apply` is atomic, also across a crash of the process: after it, or after reopening, either all of its writes are there
 *     or none is, and never a later batch without an earlier one. Within a batch a later write wins.
 * I2  Keys are ordered as bytes. A scan and a snapshot see one moment: what was applied before they were taken, whole, and
 *     nothing later.
 * I3  Reads may overlap writes; a read that overlaps a write sees either state of each key.
 * I4  `close` waits for what is under way. A snapshot that is not released keeps memory and disk, so it must be.
 * Not guaranteed: durability across a power cut (a snapshot store has the truth; the stamp tells what is here).
 */
export interface KeyValueStore {
  /** Values in the order of the keys; undefined where there is none. */
  getMany(keys: readonly Binary[]): Promise<(Binary | undefined)[]>;
  apply(writes: readonly StoreWrite[]): Promise<void>;
  /** In key order, in batches of at most `batchMax` entries, from one moment. */
  scan(range: StoreRange, batchMax: number): AsyncIterable<readonly StoreEntry[]>;
  /** Pins this moment, synchronously. */
  snapshot(): StoreSnapshot;
  close(): Promise<void>;
}

export interface StoreSnapshot {
  scan(range: StoreRange, batchMax: number): AsyncIterable<readonly StoreEntry[]>;
  release(): Promise<void>;
}

export interface StoreEntry {
  readonly key: Binary;
  readonly value: Binary;
}

/** From `from` inclusive to `to` exclusive. */
export interface StoreRange {
  readonly from: Binary;
  readonly to: Binary;
}

export type StoreWrite =
  | { readonly kind: 'put'; readonly key: Binary; readonly value: Binary }
  | { readonly kind: 'delete'; readonly key: Binary }
  | { readonly kind: 'delete-range'; readonly from: Binary; readonly to: Binary };
