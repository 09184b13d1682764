import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../shared/random/random.ts';
import { MinioSnapshotStore } from '../../shared/snapshot-store/minio-snapshot-store.ts';
import { eventually } from './eventually.ts';
import { S3Relay } from './s3-relay.ts';
import type { S3Fault } from './s3-relay.ts';

const MINIO = process.env['S3_ENDPOINT'] ?? 'http://127.0.0.1:19000';
const call = { deadlineMs: 10_000, signal: new AbortController().signal };

describe('the relay in front of MinIO', () => {
  let relay: S3Relay;
  let store: MinioSnapshotStore;
  let direct: MinioSnapshotStore;

  beforeEach(async () => {
    relay = await S3Relay.open(MINIO);
    const prefix = `relay-${process.pid}-${Date.now()}/`;
    store = storeBehind(relay.endpoint, prefix);
    direct = storeBehind(MINIO, prefix);
    await direct.ensureBucket(call);
  });

  afterEach(async () => {
    for await (const { key } of direct.list('', call)) {
      await direct.delete(key, call);
    }
    await Promise.all([store.close(), direct.close(), relay.close()]);
  });

  test('passes puts, gets and lists as they are', async () => {
    const bytes = Buffer.from('as it is');

    expect(await store.put('a', bytes, call)).toStrictEqual({ kind: 'created' });

    expect(await store.get('a', call)).toStrictEqual({ kind: 'found', bytes });
    expect(relay.faults).toBe(0);
  });

  test.each<S3Fault>([{ kind: 'refuse', status: 503 }, { kind: 'lose-answer' }, { kind: 'slow', ms: 100 }])(
    'lets a store get over a request that meets %o',
    async (fault) => {
      relay.decide = () => (relay.faults === 0 ? fault : { kind: 'pass' });

      expect(await store.put('a', Buffer.from('x'), call)).toStrictEqual({ kind: 'created' });

      expect(relay.faults).toBe(1);
    },
  );

  test('lets a write land after it was given up', async () => {
    relay.decide = () => ({ kind: 'late', ms: 300 });

    const answer = await store.put('a', Buffer.from('x'), { ...call, deadlineMs: 100 });
    await eventually('it lands', () => (relay.landedLate > 0 ? true : undefined));

    expect(answer.kind).toBe('ambiguous');
    expect(await direct.get('a', call)).toMatchObject({ kind: 'found' });
  });
});

function storeBehind(endpoint: string, prefix: string): MinioSnapshotStore {
  const login = {
    region: process.env['S3_REGION'] ?? 'us-east-1',
    accessKey: process.env['S3_ACCESS_KEY'] ?? 'nerveaccess',
    secretKey: process.env['S3_SECRET_KEY'] ?? 'nervesecret',
  };
  return new MinioSnapshotStore({ endpoint, ...login, bucket: 'nerve-relay-test', prefix }, seededRandom(1));
}
