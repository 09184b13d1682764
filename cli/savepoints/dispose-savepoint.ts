import { eachBounded } from '../../shared/checkpoint/copy-objects.ts';
import { findMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { metadataKeyIn } from '../../shared/checkpoint/snapshot-folder.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { OpenSnapshot } from './node-open-snapshot.ts';

const DELETES_AT_ONCE = 8;

/**
 * Deletes a savepoint: its metadata first, so that what is left after a crash is no savepoint any more. Only what stands in the
 * directory of a savepoint is deleted, and only when nothing else stands there. `unfinished`: also what a copy or a deletion
 * that was cut short has left, which has no metadata. Gives the number of objects.
 * @throws StreamError `savepoint-not-disposable`, and as of the store
 */
export async function disposeSavepoint(
  { store, folder, call, directory }: OpenSnapshot,
  unfinished: boolean,
): Promise<number> {
  if (/\/jobs\/[^/]+\/(checkpoints|restored|state)(\/|$)/.test(directory)) {
    throw refused(directory, 'it belongs to a job, which deletes it when it needs it no more', '"nerve gc" does that.');
  }
  const metadataKey = metadataKeyIn(folder);
  const keys: string[] = [];
  for await (const { key } of store.list(`${folder}/`, call)) {
    keys.push(key);
  }
  const strange = keys.find((key) => key !== metadataKey && !isObject(key, folder));
  if (strange !== undefined) {
    throw refused(directory, `${strange} stands in it, which is no part of a savepoint`, 'Delete it by other means.');
  }
  const hasMetadata = keys.includes(metadataKey);
  if (!hasMetadata && !(unfinished && keys.length > 0)) {
    throw refused(directory, 'it holds no savepoint', 'For what an interrupted copy has left, say --unfinished.');
  }
  const metadata = await findMetadata(store, metadataKey, call, directory);
  if (metadata !== undefined && metadata.kind !== 'savepoint') {
    throw refused(directory, 'it holds a checkpoint, not a savepoint', '"nerve gc" deletes those of a job.');
  }
  const remove = async (key: string): Promise<void> => {
    const answer = await store.delete(key, call);
    if (answer.kind === 'ambiguous') {
      throw new StreamError(answer.failure);
    }
  };
  if (hasMetadata) {
    await remove(metadataKey);
  }
  await eachBounded(
    keys.filter((key) => key !== metadataKey),
    DELETES_AT_ONCE,
    remove,
  );
  return keys.length;
}

function isObject(key: string, folder: string): boolean {
  return key.startsWith(`${folder}/objects/`) && /^[0-9a-f]{64}$/.test(key.slice(`${folder}/objects/`.length));
}

function refused(directory: string, why: string, remedy: string): StreamError {
  return new StreamError({
    code: 'savepoint-not-disposable',
    reaction: 'fail-job',
    message: `${directory} is not deleted: ${why}.`,
    remedy,
  });
}
