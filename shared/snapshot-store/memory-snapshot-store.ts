import type { Failure } from '../failure/failure.ts';
import { StreamError } from '../failure/failure.ts';
import { checkObjectKey, truncated } from './snapshot-store.ts';
import type {
  ByteRange,
  DeleteAnswer,
  GetAnswer,
  ObjectInfo,
  PutAnswer,
  SnapshotStore,
  StoreCall,
} from './snapshot-store.ts';

export type StoreOperation = 'put' | 'get' | 'list' | 'delete';

/**
 * What happens to one call.
 *   none         it works
 *   unavailable  it fails, and nothing happened
 *   request-lost its answer is ambiguous, and nothing happened or will happen
 *   answer-lost  its answer is ambiguous, and it happened
 *   delayed      its answer is ambiguous, and it happens when `landDelayed` is called (a write that outlives its timeout)
 */
export type StoreFault = 'none' | 'unavailable' | 'request-lost' | 'answer-lost' | 'delayed';

export interface MemorySnapshotStoreOptions {
  /** Asked once for each call; default: never a fault. */
  readonly fault?: (operation: StoreOperation, key: string) => StoreFault;
  readonly nowMs?: () => number;
}

const AMBIGUOUS: Failure = {
  code: 'snapshot-store-ambiguous',
  reaction: 'retry',
  message: 'the snapshot store did not answer: the write may or may not take effect',
};

/** The twin of the real stores for tests and simulation: deterministic, with faults on demand. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly #objects = new Map<string, { readonly bytes: Buffer; readonly modifiedAtMs: number }>();
  readonly #fault: (operation: StoreOperation, key: string) => StoreFault;
  readonly #nowMs: () => number;
  #delayed: (() => void)[] = [];
  /** Bytes handed out by get and getRange since the start: what a restore has read. */
  bytesRead = 0;

  constructor(options: MemorySnapshotStoreOptions = {}) {
    this.#fault = options.fault ?? (() => 'none');
    this.#nowMs = options.nowMs ?? (() => 0);
  }

  async put(key: string, bytes: Uint8Array, call: StoreCall): Promise<PutAnswer> {
    checkObjectKey(key);
    await settle(call);
    const copy = Buffer.from(bytes);
    const land = (): PutAnswer => this.#create(key, copy);
    return this.#write<PutAnswer>('put', key, land);
  }

  async get(key: string, call: StoreCall): Promise<GetAnswer> {
    await this.#read('get', key, call);
    const object = this.#objects.get(key);
    if (object === undefined) {
      return { kind: 'absent' };
    }
    this.bytesRead += object.bytes.length;
    return { kind: 'found', bytes: Buffer.from(object.bytes) };
  }

  async getRange(key: string, range: ByteRange, call: StoreCall): Promise<GetAnswer> {
    await this.#read('get', key, call);
    const object = this.#objects.get(key);
    if (object === undefined) {
      return { kind: 'absent' };
    }
    const bytes = Buffer.from(object.bytes.subarray(range.offset, range.offset + range.length));
    if (bytes.length !== range.length) {
      throw truncated(key, range, object.bytes.length);
    }
    this.bytesRead += bytes.length;
    return { kind: 'found', bytes };
  }

  async *list(prefix: string, call: StoreCall): AsyncIterable<ObjectInfo> {
    await this.#read('list', prefix, call);
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    for (const key of keys) {
      const object = this.#objects.get(key);
      if (object !== undefined) {
        yield { key, bytes: object.bytes.length, modifiedAtMs: object.modifiedAtMs };
      }
    }
  }

  async delete(key: string, call: StoreCall): Promise<DeleteAnswer> {
    checkObjectKey(key);
    await settle(call);
    return this.#write<DeleteAnswer>('delete', key, () => {
      this.#objects.delete(key);
      return { kind: 'deleted' };
    });
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** Lets the delayed writes take effect, in their order. */
  landDelayed(): void {
    const landing = this.#delayed;
    this.#delayed = [];
    for (const land of landing) {
      land();
    }
  }

  #create(key: string, bytes: Buffer): PutAnswer {
    const taken = this.#objects.get(key);
    if (taken !== undefined) {
      return { kind: taken.bytes.equals(bytes) ? 'created' : 'exists' };
    }
    this.#objects.set(key, { bytes, modifiedAtMs: this.#nowMs() });
    return { kind: 'created' };
  }

  #write<A>(operation: StoreOperation, key: string, land: () => A): A | { kind: 'ambiguous'; failure: Failure } {
    const fault = this.#fault(operation, key);
    switch (fault) {
      case 'none':
        return land();
      case 'unavailable':
        throw unavailable(operation, key);
      case 'answer-lost':
        land();
        break;
      case 'delayed':
        this.#delayed.push(land);
        break;
      case 'request-lost':
        break;
    }
    return { kind: 'ambiguous', failure: AMBIGUOUS };
  }

  async #read(operation: StoreOperation, key: string, call: StoreCall): Promise<void> {
    await settle(call);
    if (this.#fault(operation, key) !== 'none') {
      throw unavailable(operation, key);
    }
  }
}

/** Even a memory store answers later than the call, so that callers meet real interleavings. */
async function settle(call: StoreCall): Promise<void> {
  call.signal.throwIfAborted();
  await Promise.resolve();
  call.signal.throwIfAborted();
}

function unavailable(operation: StoreOperation, key: string): StreamError {
  return new StreamError({
    code: 'snapshot-store-unavailable',
    reaction: 'retry',
    message: `the snapshot store could not be reached for ${operation} of ${key}`,
  });
}
