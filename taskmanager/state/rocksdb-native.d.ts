// What we use of rocksdb-native 3.18.1 (it ships no types).
declare module 'rocksdb-native' {
  interface Options {
    readonly readOnly?: boolean;
    readonly maxBackgroundJobs?: number;
    readonly maxOpenFiles?: number;
    readonly bytesPerSync?: number;
    readonly avoidFlushDuringShutdown?: boolean;
    /** Of each column family: */
    readonly writeBufferSize?: number;
    readonly maxWriteBufferNumber?: number;
    readonly tableBlockSize?: number;
    readonly optimizeFiltersForMemory?: boolean;
  }

  interface BatchOptions {
    /** Room for this many operations at first. */
    readonly capacity?: number;
    /** Without it the batch must be destroyed by hand, or `close` never ends. */
    readonly autoDestroy: true;
  }

  interface ReadBatch {
    get(key: Buffer): Promise<Buffer | null>;
    tryFlush(): void;
  }

  interface WriteBatch {
    tryPut(key: Buffer, value: Buffer): void;
    tryDelete(key: Buffer): void;
    tryDeleteRange(start: Buffer, end: Buffer): void;
    flush(): Promise<void>;
  }

  interface Range {
    readonly gte: Buffer;
    readonly lt: Buffer;
  }

  class RocksDB {
    constructor(path: string, options?: Options);
    ready(): Promise<void>;
    close(options?: { readonly force?: boolean }): Promise<void>;
    read(options: BatchOptions): ReadBatch;
    write(options: BatchOptions): WriteBatch;
    iterator(range: Range, options?: { readonly capacity?: number }): AsyncIterable<{ key: Buffer; value: Buffer }>;
    snapshot(): RocksDB;
    flush(): Promise<void>;
  }

  export = RocksDB;
}
