import { StreamError } from '../failure/failure.ts';
import { sha256Hex } from '../snapshot-store/snapshot-store.ts';
import type { SnapshotStore, StoreCall } from '../snapshot-store/snapshot-store.ts';
import type { ReferencedObject } from './referenced-objects.ts';

export interface ObjectCopy extends ReferencedObject {
  /** Its key in the store that it goes to. */
  readonly to: string;
}

export interface CopyStores {
  readonly from: SnapshotStore;
  readonly to: SnapshotStore;
  /** For each single call. */
  readonly call: StoreCall;
}

/** Objects in memory at once: each is a few megabytes, and the network is kept busy. */
const COPIES_AT_ONCE = 4;

/**
 * Copies objects from one store to another, checking length and sha256 of each. May be repeated after any failure or crash:
 * what is there already stays, and is checked to be the same.
 * @throws StreamError `snapshot-object-missing`, `snapshot-object-corrupt`, `snapshot-key-taken`, and what the stores throw
 */
export async function copyObjects(copies: readonly ObjectCopy[], stores: CopyStores): Promise<void> {
  await eachBounded(copies, COPIES_AT_ONCE, async (copy) => {
    stores.call.signal.throwIfAborted();
    await putOnce(stores.to, copy.to, await readChecked(stores.from, copy, stores.call), stores.call);
  });
}

/** Works on several at once; after the first failure no further one is begun, and it is thrown when all have ended. */
export async function eachBounded<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items].reverse();
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) {
      try {
        await work(item);
      } catch (error) {
        left.length = 0;
        throw error;
      }
    }
  });
  const outcomes = await Promise.allSettled(workers);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    throw failed.reason;
  }
}

/** @throws StreamError `snapshot-object-missing`, `snapshot-object-corrupt` */
export async function readChecked(store: SnapshotStore, object: ReferencedObject, call: StoreCall): Promise<Buffer> {
  const answer = await store.get(object.key, call);
  if (answer.kind === 'absent') {
    throw new StreamError({
      code: 'snapshot-object-missing',
      reaction: 'fail-job',
      message: `the snapshot object ${object.key} is gone`,
      remedy: 'Use another checkpoint or savepoint; a checkpoint may have been deleted as a newer one took its place.',
    });
  }
  if (answer.bytes.length !== object.length || sha256Hex(answer.bytes) !== object.sha256) {
    throw new StreamError({
      code: 'snapshot-object-corrupt',
      reaction: 'fail-job',
      message: `the snapshot object ${object.key} is not what was written: ${answer.bytes.length} of ${object.length} bytes, or another sha256`,
      remedy: 'Use another checkpoint or savepoint, and check the object store.',
    });
  }
  return answer.bytes;
}

/** Creates an object; the same again does no harm. @throws StreamError `snapshot-key-taken`, or the ambiguity's failure */
export async function putOnce(store: SnapshotStore, key: string, bytes: Uint8Array, call: StoreCall): Promise<void> {
  const answer = await store.put(key, bytes, call);
  switch (answer.kind) {
    case 'created':
      return;
    case 'ambiguous':
      throw new StreamError(answer.failure);
    case 'exists':
      throw new StreamError({
        code: 'snapshot-key-taken',
        reaction: 'fail-job',
        message: `the snapshot object ${key} exists already with other content`,
        remedy: 'Choose another directory, or remove what stands there if nobody needs it.',
      });
  }
}
