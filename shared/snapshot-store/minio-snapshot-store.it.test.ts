import { createServer } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../random/random.ts';
import { MinioSnapshotStore } from './minio-snapshot-store.ts';
import type { MinioSnapshotStoreOptions } from './minio-snapshot-store.ts';
import { snapshotStoreConformance } from './snapshot-store.conformance.ts';
import type { StoreCall } from './snapshot-store.ts';

const call: StoreCall = { deadlineMs: 20_000, signal: new AbortController().signal };
const settings: MinioSnapshotStoreOptions = {
  endpoint: process.env['S3_ENDPOINT'] ?? 'http://127.0.0.1:19000',
  region: process.env['S3_REGION'] ?? 'us-east-1',
  accessKey: process.env['S3_ACCESS_KEY'] ?? 'nerveaccess',
  secretKey: process.env['S3_SECRET_KEY'] ?? 'nervesecret',
  bucket: 'nerve-snapshot-store-test',
  prefix: `run-${process.pid}-${Date.now()}/`,
  partBytes: 5 * 1024 * 1024,
};

async function open(options: Partial<MinioSnapshotStoreOptions> = {}): Promise<MinioSnapshotStore> {
  const store = new MinioSnapshotStore({ ...settings, ...options }, seededRandom(1));
  await store.ensureBucket(call);
  return store;
}

afterAll(async () => {
  const store = await open();
  for await (const { key } of store.list('', call)) {
    await store.delete(key, call);
  }
  await store.close();
});

snapshotStoreConformance('MinIO', async () => await open(), 11 * 1024 * 1024);

describe('MinIO as a snapshot store', () => {
  test('lists more than one page', async () => {
    const store = await open();
    const keys = Array.from({ length: 1_050 }, (_, i) => `pages/${String(i).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 50) {
      await Promise.all(keys.slice(at, at + 50).map(async (key) => await store.put(key, Buffer.from(key), call)));
    }

    const listed: string[] = [];
    for await (const { key } of store.list('pages/', call)) {
      listed.push(key);
    }

    expect(listed).toStrictEqual(keys);
    await store.close();
  });

  test('that refuses the credentials is a failure that retrying cannot help', async () => {
    const store = new MinioSnapshotStore({ ...settings, secretKey: 'wrong-secret' }, seededRandom(1));

    await expect(store.put('x', Buffer.from('x'), call)).rejects.toMatchObject({
      failure: { code: 'snapshot-store-refused', reaction: 'fail-job' },
    });
    await store.close();
  });

  test('that cannot be reached is definite: nothing was sent', async () => {
    const store = new MinioSnapshotStore({ ...settings, endpoint: 'http://127.0.0.1:1' }, seededRandom(1));

    await expect(store.put('x', Buffer.from('x'), { ...call, deadlineMs: 300 })).rejects.toMatchObject({
      failure: { code: 'snapshot-store-unavailable', reaction: 'retry' },
    });
    await store.close();
  });

  test('that is frozen makes a put ambiguous at its deadline, and a get fail', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const store = new MinioSnapshotStore(
      { ...settings, endpoint: `http://127.0.0.1:${port}`, requestMsMax: 200 },
      seededRandom(1),
    );
    const startedAt = performance.now();

    const answer = await store.put('x', Buffer.from('x'), { ...call, deadlineMs: 700 });

    expect(answer.kind).toBe('ambiguous');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await expect(store.get('x', { ...call, deadlineMs: 300 })).rejects.toMatchObject({
      failure: { code: 'snapshot-store-unavailable' },
    });
    await store.close();
    server.close();
  });
});
