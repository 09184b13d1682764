import { createHash } from 'node:crypto';
import { invariant } from '../invariant.ts';
import type { Failure } from '../failure/failure.ts';
import { StreamError } from '../failure/failure.ts';

/**
 * Where snapshots live: a store of immutable objects, found by key. Adapters: MinIO or any S3, a directory, memory.
 *
 * I1  An object is written once, whole, and never changed: `put` creates it or answers that the key is taken. A reader sees
 *     all of an object or none of it.
 * I2  `created` means: the object under the key holds exactly these bytes, durably, and is readable from now on. So a put may
 *     be repeated. `exists` means: the key holds other bytes, and nothing was changed; of two different puts one wins.
 * I3  When the outcome is not known the answer is `ambiguous`, never a guess: the object may be there, may not be, and may
 *     still appear later. Only repeating the same put until its answer is definite resolves it; a read proves nothing.
 * I4  Every call ends by its deadline, and soon after its signal aborts (with an abort error).
 * I5  `list` is in ascending byte order of the keys. An object created or deleted while it runs may be seen or not.
 * Not guaranteed: that `get` waits for a put which is under way; that a key is free again after `delete` was ambiguous.
 */
export interface SnapshotStore {
  put(key: string, bytes: Uint8Array, call: StoreCall): Promise<PutAnswer>;
  get(key: string, call: StoreCall): Promise<GetAnswer>;
  /** Exactly `length` bytes from `offset`; throws `snapshot-object-truncated` when the object is shorter. */
  getRange(key: string, range: ByteRange, call: StoreCall): Promise<GetAnswer>;
  /** The deadline holds for each page. */
  list(prefix: string, call: StoreCall): AsyncIterable<ObjectInfo>;
  /** Idempotent: an absent object is `deleted`. */
  delete(key: string, call: StoreCall): Promise<DeleteAnswer>;
  close(): Promise<void>;
}

export interface StoreCall {
  /** Milliseconds, retries included. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  /** By the clock of the store. */
  readonly modifiedAtMs: number;
}

export type PutAnswer =
  | { readonly kind: 'created' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'ambiguous'; readonly failure: Failure };

export type GetAnswer = { readonly kind: 'found'; readonly bytes: Buffer } | { readonly kind: 'absent' };

export type DeleteAnswer = { readonly kind: 'deleted' } | { readonly kind: 'ambiguous'; readonly failure: Failure };

const SEGMENT = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}$/;
const KEY_LENGTH_MAX = 900; // S3 allows 1024 bytes; the rest is for the prefix under which a store may be mounted

/** Parts of letters, digits and `. _ = -`, joined by `/`; no part begins with a dot: the same in S3 and on every disk. */
export function isObjectKey(key: string): boolean {
  return key.length <= KEY_LENGTH_MAX && key.split('/').every((part) => SEGMENT.test(part));
}

export function checkObjectKey(key: string): void {
  invariant(
    isObjectKey(key),
    `"${key}" is no object key: parts of [A-Za-z0-9._=-], joined by /, none beginning with a dot`,
  );
}

export function truncated(key: string, range: ByteRange, actual: number): StreamError {
  return new StreamError({
    code: 'snapshot-object-truncated',
    reaction: 'fail-job',
    message: `snapshot object ${key} ends before byte ${range.offset + range.length} (${actual} bytes were there)`,
    remedy: 'The object was cut or replaced by something else: restore from another checkpoint.',
  });
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
