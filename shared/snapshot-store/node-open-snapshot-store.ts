import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '../config/options.ts';
import { StreamError } from '../failure/failure.ts';
import { seededRandom } from '../random/random.ts';
import { MinioSnapshotStore } from './minio-snapshot-store.ts';
import { NodeSnapshotStore } from './node-snapshot-store.ts';
import { parseSnapshotLocation } from './snapshot-location.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { storeWithFailpoints } from './store-with-failpoints.ts';

/** How this process reaches S3; each process has its own, only the location is shared. Plain data: it crosses to slots' threads. */
export interface S3Settings {
  readonly endpoint: string | undefined;
  readonly region: string;
  readonly accessKey: string | undefined;
  readonly secretKey: string | undefined;
}

export function s3Settings(
  configuration: Pick<Configuration, 's3.endpoint' | 's3.region' | 's3.access-key' | 's3.secret-key'>,
): S3Settings {
  return {
    endpoint: configuration['s3.endpoint'],
    region: configuration['s3.region'],
    accessKey: configuration['s3.access-key'],
    secretKey: configuration['s3.secret-key'],
  };
}

/**
 * Opens the store at `location`, as `state.checkpoints.dir` and `state.savepoints.dir` name it: `s3://BUCKET/PREFIX`, or a
 * folder (an absolute path or a `file://` URL). The folder is made when it is absent, but not for who writes nothing; the bucket must
 * exist.
 * @throws StreamError `snapshot-location-invalid`, `snapshot-directory-unusable`
 */
export async function openSnapshotStore(
  location: string,
  s3: S3Settings,
  { writes = true }: { readonly writes?: boolean } = {},
): Promise<SnapshotStore> {
  const parsed = parseSnapshotLocation(location);
  switch (parsed.kind) {
    case 's3':
      return storeWithFailpoints(openS3(parsed.bucket, parsed.prefix, s3, location));
    case 'folder': {
      const path = parsed.path.startsWith('file:') ? pathOfUrl(parsed.path, location) : parsed.path;
      if (!isAbsolute(path)) {
        throw invalid(location, 'a folder must be given by its absolute path, since several processes open it');
      }
      return storeWithFailpoints(writes ? await NodeSnapshotStore.open(path) : NodeSnapshotStore.existing(path));
    }
    case 'malformed':
      throw invalid(location, parsed.problem);
  }
}

function openS3(bucket: string, prefix: string, s3: S3Settings, location: string): SnapshotStore {
  const { endpoint, region, accessKey, secretKey } = s3;
  const missing = [
    ...(endpoint === undefined ? ['s3.endpoint'] : []),
    ...(accessKey === undefined ? ['s3.access-key'] : []),
    ...(secretKey === undefined ? ['s3.secret-key'] : []),
  ];
  if (endpoint === undefined || accessKey === undefined || secretKey === undefined) {
    throw invalid(location, `this process has no ${missing.join(', no ')}`);
  }
  if (!/^https?:\/\/[^/]+\/?$/.test(endpoint)) {
    throw invalid(location, 's3.endpoint must be http://HOST:PORT or https://HOST:PORT');
  }
  return new MinioSnapshotStore(
    { endpoint, region, accessKey, secretKey, bucket, prefix },
    seededRandom(randomBytes(4).readInt32LE()),
  );
}

function pathOfUrl(url: string, location: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw invalid(location, 'it is no file:// URL of this machine');
  }
}

function invalid(location: string, problem: string): StreamError {
  return new StreamError({
    code: 'snapshot-location-invalid',
    reaction: 'fail-job',
    message: `the snapshot location "${location}" cannot be opened: ${problem}`,
    remedy:
      'Give s3://BUCKET/PREFIX (with s3.endpoint, s3.access-key and s3.secret-key), or the absolute path of a folder.',
  });
}
