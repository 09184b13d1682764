import { StreamError } from '../failure/failure.ts';
import type { SnapshotStore, StoreCall } from '../snapshot-store/snapshot-store.ts';
import type { CheckpointMetadata } from './checkpoint-metadata.ts';
import { folderOf } from './object-keys.ts';
import { parseMetadata } from './parse-metadata.ts';

/**
 * Reads the metadata object of a checkpoint or savepoint. `where`: how the object is called in what is thrown, such as the
 * directory that a user gave.
 * @throws StreamError `snapshot-metadata-missing`, `snapshot-metadata-malformed` (naming every problem), and what the store throws
 */
export async function readMetadata(
  store: SnapshotStore,
  key: string,
  call: StoreCall,
  where = key,
): Promise<CheckpointMetadata> {
  const metadata = await findMetadata(store, key, call, where);
  if (metadata === undefined) {
    throw new StreamError({
      code: 'snapshot-metadata-missing',
      reaction: 'fail-job',
      message: `there is no checkpoint or savepoint at ${where}: it has no object "metadata".`,
      remedy: 'Give the directory that "nerve savepoint" answered with; a savepoint that was not finished has none.',
    });
  }
  return metadata;
}

/** Undefined: there is no such object. @throws StreamError `snapshot-metadata-malformed`, and what the store throws */
export async function findMetadata(
  store: SnapshotStore,
  key: string,
  call: StoreCall,
  where = key,
): Promise<CheckpointMetadata | undefined> {
  const answer = await store.get(key, call);
  if (answer.kind === 'absent') {
    return undefined;
  }
  const parsed = parseMetadata(answer.bytes, folderOf(key));
  if (parsed.kind === 'parsed') {
    return parsed.metadata;
  }
  throw new StreamError({
    code: 'snapshot-metadata-malformed',
    reaction: 'fail-job',
    message: `the metadata at ${where} cannot be used:\n${parsed.problems.map((problem) => `  - ${problem}`).join('\n')}`,
    remedy: 'Use another checkpoint or savepoint, or the version of nerve-stream that wrote it.',
  });
}
