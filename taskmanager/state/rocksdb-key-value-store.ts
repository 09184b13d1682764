import RocksDB from 'rocksdb-native';
import { binaryOf, bytesOf } from '../../shared/checkpoint/binary.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { KeyValueStore, StoreEntry, StoreRange, StoreSnapshot, StoreWrite } from './key-value-store.ts';
import { Permits } from './permits.ts';

export interface RocksdbKeyValueStoreOptions {
  /** A directory of its own. */
  readonly path: string;
  /** A table in memory; two of them at most. */
  readonly writeBufferBytes?: number;
}

const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;
/** RocksDB's own threads, beside libuv's. */
const BACKGROUND_JOBS = 2;
/** Open files keep index blocks in memory. */
const OPEN_FILES_MAX = 256;
/**
 * Calls under way at most, of each kind. Each occupies a thread of libuv's pool, which the whole process shares (4 by
 * default): files, DNS and compression must not starve behind a slow disk.
 */
const READS_MAX = 2;
const SCANS_MAX = 1;

/** RocksDB 10 by `rocksdb-native` (docs/decisions/0001). Its table in memory, block cache (32 MB) and open files bound its memory. */
export class RocksdbKeyValueStore implements KeyValueStore {
  readonly #db: RocksDB;
  readonly #path: string;
  readonly #reads = new Permits(READS_MAX);
  readonly #writes = new Permits(1);
  readonly #scans = new Permits(SCANS_MAX);

  private constructor(db: RocksDB, path: string) {
    this.#db = db;
    this.#path = path;
  }

  static async open(options: RocksdbKeyValueStoreOptions): Promise<RocksdbKeyValueStore> {
    try {
      const db = new RocksDB(options.path, {
        writeBufferSize: options.writeBufferBytes ?? WRITE_BUFFER_BYTES,
        maxWriteBufferNumber: 2,
        maxBackgroundJobs: BACKGROUND_JOBS,
        maxOpenFiles: OPEN_FILES_MAX,
        optimizeFiltersForMemory: true,
        avoidFlushDuringShutdown: false,
      });
      await db.ready();
      return new RocksdbKeyValueStore(db, options.path);
    } catch (error) {
      throw failed('open', options.path, error);
    }
  }

  async getMany(keys: readonly Binary[]): Promise<(Binary | undefined)[]> {
    if (keys.length === 0) {
      return [];
    }
    return await this.#reads.run(async () => {
      try {
        const batch = this.#db.read({ capacity: keys.length, autoDestroy: true });
        const pending = keys.map(async (key) => await batch.get(bytesOf(key)));
        batch.tryFlush();
        const values = await Promise.all(pending);
        return values.map((value) => (value === null ? undefined : binaryOf(value)));
      } catch (error) {
        throw failed('read', this.#path, error);
      }
    });
  }

  async apply(writes: readonly StoreWrite[]): Promise<void> {
    if (writes.length === 0) {
      return;
    }
    await this.#writes.run(async () => {
      try {
        const batch = this.#db.write({ capacity: writes.length, autoDestroy: true });
        for (const write of writes) {
          addTo(batch, write);
        }
        await batch.flush();
      } catch (error) {
        throw failed('write', this.#path, error);
      }
    });
  }

  scan(range: StoreRange, batchMax: number): AsyncIterable<readonly StoreEntry[]> {
    const snapshot = this.snapshot();
    return releasing(snapshot, snapshot.scan(range, batchMax));
  }

  snapshot(): StoreSnapshot {
    const session = this.#db.snapshot();
    return {
      scan: (range, batchMax) => this.#scan(session, range, batchMax),
      release: async () => {
        await session.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.#db.close();
  }

  async *#scan(session: RocksDB, range: StoreRange, batchMax: number): AsyncGenerator<readonly StoreEntry[]> {
    if (range.from >= range.to) {
      return;
    }
    let from = range.from;
    for (;;) {
      const batch = await this.#scans.run(async () => await this.#page(session, { from, to: range.to }, batchMax));
      if (batch.length > 0) {
        yield batch;
      }
      const last = batch.at(-1);
      if (last === undefined || batch.length < batchMax) {
        return;
      }
      from = last.key + '\0';
    }
  }

  /** One page by an iterator of its own: an iterator left open would read ahead without bound and hold a thread. */
  async #page(session: RocksDB, { from, to }: StoreRange, entriesMax: number): Promise<StoreEntry[]> {
    const entries: StoreEntry[] = [];
    const bounds = { gte: bytesOf(from), lt: bytesOf(to) };
    try {
      for await (const { key, value } of session.iterator(bounds, { capacity: entriesMax })) {
        entries.push({ key: binaryOf(key), value: binaryOf(value) });
        if (entries.length === entriesMax) {
          break;
        }
      }
      return entries;
    } catch (error) {
      throw failed('scan', this.#path, error);
    }
  }
}

function addTo(batch: ReturnType<RocksDB['write']>, write: StoreWrite): void {
  switch (write.kind) {
    case 'put':
      batch.tryPut(bytesOf(write.key), bytesOf(write.value));
      return;
    case 'delete':
      batch.tryDelete(bytesOf(write.key));
      return;
    case 'delete-range':
      if (write.from < write.to) {
        batch.tryDeleteRange(bytesOf(write.from), bytesOf(write.to));
      }
      return;
    default:
      unreachable(write);
  }
}

async function* releasing<T>(snapshot: StoreSnapshot, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    await snapshot.release();
  }
}

/** RocksDB's messages name files and offsets, never keys or values. */
function failed(operation: string, path: string, error: unknown): StreamError {
  const message = error instanceof Error ? error.message : 'unknown error';
  const failure = {
    code: 'state-store-failed',
    reaction: 'restart-job' as const,
    message: `${operation} of the local state store in ${path} failed: ${message}`,
    remedy:
      'Check free space and health of the disk under io.tmp.dirs; where the library cannot be loaded, install libatomic1.',
  };
  return new StreamError(failure, { cause: error });
}
