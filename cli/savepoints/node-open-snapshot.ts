import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { metadataKeyIn, parseSnapshotFolder } from '../../shared/checkpoint/snapshot-folder.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { openSnapshotStore, s3Settings } from '../../shared/snapshot-store/node-open-snapshot-store.ts';
import type { SnapshotStore, StoreCall } from '../../shared/snapshot-store/snapshot-store.ts';
import type { Configuration } from '../../shared/config/options.ts';

/** The directory of a savepoint or checkpoint, opened. */
export interface OpenSnapshot {
  /** As one that other processes would find too. */
  readonly directory: string;
  readonly store: SnapshotStore;
  readonly folder: string;
  readonly call: StoreCall;
}

const CALL_MS = 60_000;

/** A folder that is given relative to this process, as others name it; locations with a scheme as they are. */
export function absoluteDirectory(directory: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(directory) ? directory : resolve(directory);
}

/** Opens a directory for as long as `use` takes. Makes nothing: a folder that is not there is an error. */
export async function withSnapshotFolder<T>(
  configuration: Configuration,
  directory: string,
  signal: AbortSignal,
  use: (snapshot: OpenSnapshot) => Promise<T>,
): Promise<T> {
  const absolute = absoluteDirectory(directory);
  const { location, folder } = parseSnapshotFolder(absolute);
  if (absolute.startsWith('/') && !existsSync(join(location, folder))) {
    throw new StreamError({
      code: 'snapshot-metadata-missing',
      reaction: 'fail-job',
      message: `there is no folder ${directory}`,
      remedy: 'Give the directory that "nerve savepoint" answered with.',
    });
  }
  const store = await openSnapshotStore(location, s3Settings(configuration), { writes: false });
  try {
    return await use({ directory: absolute, store, folder, call: { deadlineMs: CALL_MS, signal } });
  } finally {
    await store.close();
  }
}

/** The metadata at an opened directory. @throws StreamError as of `readMetadata` */
export async function metadataOf({ store, folder, call, directory }: OpenSnapshot): Promise<CheckpointMetadata> {
  return await readMetadata(store, metadataKeyIn(folder), call, directory);
}
