import { StreamError } from '../failure/failure.ts';
import { isObjectKey } from '../snapshot-store/snapshot-store.ts';

/** Where one checkpoint or savepoint stands: a store, and the folder in it that holds its metadata. */
export interface SnapshotFolder {
  /** What `openSnapshotStore` takes. */
  readonly location: string;
  /** Key of the folder inside the store. */
  readonly folder: string;
}

const CHECKPOINT = /^(.+)\/(jobs\/[^/]+\/checkpoints\/\d+-\d+)$/;

/**
 * Divides the directory of a savepoint, or of a checkpoint of a job, as a person names it. A savepoint stands by itself: its
 * store is the folder around it. The objects of a checkpoint stand all over the checkpoint directory: that is its store.
 * @throws StreamError `snapshot-location-invalid`
 */
export function parseSnapshotFolder(directory: string): SnapshotFolder {
  const path = directory.replace(/\/metadata$/, '').replace(/\/+$/, '');
  const checkpoint = CHECKPOINT.exec(path);
  if (checkpoint?.[1] !== undefined && checkpoint[2] !== undefined) {
    return { location: checkpoint[1], folder: checkpoint[2] };
  }
  const slash = path.lastIndexOf('/');
  const location = path.slice(0, slash);
  const folder = path.slice(slash + 1);
  const isBucketAlone = /^s3:\/*[^/]*$/.test(path) || location === '' || location === 'file://';
  if (slash < 0 || isBucketAlone || !isObjectKey(folder)) {
    throw new StreamError({
      code: 'snapshot-location-invalid',
      reaction: 'fail-job',
      message: `"${directory}" is no directory of a savepoint or checkpoint`,
      remedy: 'Give s3://BUCKET/…/NAME, or the absolute path of a folder; NAME is of letters, digits and . _ = -.',
    });
  }
  return { location, folder };
}

export function metadataKeyIn(folder: string): string {
  return `${folder}/metadata`;
}
