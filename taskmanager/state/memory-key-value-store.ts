import type { Binary } from '../../shared/checkpoint/binary.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { KeyValueStore, StoreEntry, StoreRange, StoreSnapshot, StoreWrite } from './key-value-store.ts';
import { SortedChunks, entriesOf } from './sorted-chunks.ts';
import type { PinnedChunks } from './sorted-chunks.ts';

export interface MemoryKeyValueStoreOptions {
  /** Asked before each batch; true: the process dies here, the batch and all later ones are lost. For crash tests. */
  readonly crashBefore?: (writes: readonly StoreWrite[]) => boolean;
  /** Awaited before and after a `getMany` looks at the entries: lets a test hold an answer back while it grows old. */
  readonly pauseRead?: (moment: 'before' | 'after') => Promise<void>;
}

/** The `heap` backend, and the twin of RocksDB in tests. */
export class MemoryKeyValueStore implements KeyValueStore {
  readonly #entries = new SortedChunks();
  readonly #crashBefore: (writes: readonly StoreWrite[]) => boolean;
  readonly #pauseRead: (moment: 'before' | 'after') => Promise<void>;

  constructor(options: MemoryKeyValueStoreOptions = {}) {
    this.#crashBefore = options.crashBefore ?? (() => false);
    this.#pauseRead = options.pauseRead ?? (async () => await Promise.resolve());
  }

  async getMany(keys: readonly Binary[]): Promise<(Binary | undefined)[]> {
    await this.#pauseRead('before');
    const values = keys.map((key) => this.#entries.get(key));
    await this.#pauseRead('after');
    return values;
  }

  async apply(writes: readonly StoreWrite[]): Promise<void> {
    await Promise.resolve();
    if (this.#crashBefore(writes)) {
      throw new Error('the process died here');
    }
    for (const write of writes) {
      this.#applyOne(write);
    }
  }

  scan(range: StoreRange, batchMax: number): AsyncIterable<readonly StoreEntry[]> {
    return inBatches(this.#entries.pin(), range, batchMax);
  }

  snapshot(): StoreSnapshot {
    const pinned = this.#entries.pin();
    return {
      scan: (range, batchMax) => inBatches(pinned, range, batchMax),
      release: async () => {
        await Promise.resolve();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #applyOne(write: StoreWrite): void {
    switch (write.kind) {
      case 'put':
        this.#entries.set(write.key, write.value);
        return;
      case 'delete':
        this.#entries.delete(write.key);
        return;
      case 'delete-range':
        this.#entries.deleteRange(write);
        return;
      default:
        unreachable(write);
    }
  }
}

async function* inBatches(
  pinned: PinnedChunks,
  range: StoreRange,
  batchMax: number,
): AsyncGenerator<readonly StoreEntry[]> {
  let batch: StoreEntry[] = [];
  for (const entry of entriesOf(pinned, range)) {
    batch.push(entry);
    if (batch.length === batchMax) {
      yield await Promise.resolve(batch);
      batch = [];
    }
  }
  if (batch.length > 0) {
    yield await Promise.resolve(batch);
  }
}
