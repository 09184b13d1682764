import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { MinioSnapshotStore } from './minio-snapshot-store.ts';
import { openSnapshotStore } from './node-open-snapshot-store.ts';
import type { S3Settings } from './node-open-snapshot-store.ts';
import { parseSnapshotLocation } from './snapshot-location.ts';

const root = await mkdtemp(join(tmpdir(), 'open-store-'));
const none: S3Settings = { endpoint: undefined, region: 'us-east-1', accessKey: undefined, secretKey: undefined };
const call = { deadlineMs: 5_000, signal: new AbortController().signal };

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('the location of a snapshot store', () => {
  test.each([
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/a/b', { kind: 's3', bucket: 'bucket', prefix: 'a/b/' }],
    ['s3://bucket/a//b/', { kind: 's3', bucket: 'bucket', prefix: 'a/b/' }],
    ['/data/checkpoints', { kind: 'folder', path: '/data/checkpoints' }],
    ['file:///data', { kind: 'folder', path: 'file:///data' }],
  ])('%s is understood', (location, expected) => {
    expect(parseSnapshotLocation(location)).toStrictEqual(expected);
  });

  test.each(['', 's3://', 's3://B', 's3://bucket/../x', 's3://bucket/a b', 'hdfs://name/x'])(
    '"%s" is refused',
    (location) => {
      expect(parseSnapshotLocation(location).kind).toBe('malformed');
    },
  );

  test('a folder is the same by its path and by its URL', async () => {
    const byPath = await openSnapshotStore(join(root, 'folder'), none);
    const byUrl = await openSnapshotStore(pathToFileURL(join(root, 'folder')).href, none);

    await byPath.put('a/b', Buffer.from('x'), call);

    expect(await byUrl.get('a/b', call)).toStrictEqual({ kind: 'found', bytes: Buffer.from('x') });
  });

  test('a relative folder is refused, since each process would open another', async () => {
    await expect(openSnapshotStore('checkpoints', none)).rejects.toMatchObject({
      failure: { code: 'snapshot-location-invalid', reaction: 'fail-job' },
    });
  });

  test('S3 without its settings names the keys that are missing', async () => {
    const opening = openSnapshotStore('s3://bucket/x', { ...none, endpoint: 'http://127.0.0.1:9000' });

    await expect(opening).rejects.toThrow('no s3.access-key, no s3.secret-key');
  });

  test('S3 is opened without asking it', async () => {
    const settings: S3Settings = { endpoint: 'http://127.0.0.1:1', region: 'r', accessKey: 'a', secretKey: 's' };

    const store = await openSnapshotStore('s3://bucket/x', settings);

    expect(store).toBeInstanceOf(MinioSnapshotStore);
    await store.close();
  });
});
