import { afterAll, expect, test } from 'vitest';
import { findState } from '../../shared/checkpoint/find-state.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { parseCheckpointId, parseJobId, parseLeaderEpoch, parseOperatorUid } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { MinioSnapshotStore } from '../../shared/snapshot-store/minio-snapshot-store.ts';
import { openSnapshotStore } from '../../shared/snapshot-store/node-open-snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import { factsOfUnknown } from '../api/job-facts.ts';
import { collectGarbage } from './collect-garbage.ts';
import { copySavepoint } from './copy-savepoint.ts';
import { restoreSavepoint } from './restore-savepoint.ts';
import { call, storeCheckpoint } from './stored-checkpoint-testing.ts';

const { signal } = call;
const bucket = 'nerve-savepoints-test';
const s3 = {
  endpoint: process.env['S3_ENDPOINT'] ?? 'http://127.0.0.1:19000',
  region: process.env['S3_REGION'] ?? 'us-east-1',
  accessKey: process.env['S3_ACCESS_KEY'] ?? 'nerveaccess',
  secretKey: process.env['S3_SECRET_KEY'] ?? 'nervesecret',
};
const run = `run-${process.pid}-${Date.now()}`;
const open = async (location: string): Promise<SnapshotStore> => await openSnapshotStore(location, s3);

afterAll(async () => {
  const store = await open(`s3://${bucket}/${run}`);
  for await (const { key } of store.list('', call)) {
    await store.delete(key, call);
  }
  await store.close();
});

test('a savepoint in a bucket is restored into another prefix after its checkpoint was collected', async () => {
  const maker = new MinioSnapshotStore({ ...s3, bucket, prefix: '' }, seededRandom(1));
  await maker.ensureBucket(call);
  await maker.close();
  const checkpoints = await open(`s3://${bucket}/${run}/checkpoints`);
  const deps = { checkpoints, open, callMs: 20_000 };
  const contents = Array.from({ length: 30 }, (_, i) => `content ${i} `.repeat(2_000));
  const { metadataKey, metadata } = await storeCheckpoint(checkpoints, contents);
  const directory = `s3://${bucket}/${run}/safe/savepoint-hl7-1`;
  const pin = { checkpoint: metadata.checkpoint, metadataKey, directory };

  await copySavepoint(pin, deps, signal);
  await copySavepoint(pin, deps, signal);
  const collected = await collectGarbage(
    { scope: 'everything', jobId: parseJobId('hl7'), includeUnknown: true, dryRun: false },
    {
      store: checkpoints,
      leaderEpoch: parseLeaderEpoch(9n),
      inUse: () => ({ lineages: new Set(), metadataKeys: new Set() }),
      ledger: { confirmLeadership: async () => await Promise.resolve(true), facts: () => [], factsOfUnknown },
      callMs: 20_000,
    },
    signal,
  );
  const job = {
    jobId: parseJobId('next'),
    lineage: 'second',
    leaderEpoch: parseLeaderEpoch(10n),
    operators: ['raw', 'correlate'].map((uid) => ({
      uid: parseOperatorUid(uid),
      maxParallelism: 128,
      hashId: KEY_HASH_ID,
    })),
  };
  const restored = await restoreSavepoint({ directory, allowNonRestored: false }, job, deps, signal);

  expect(collected?.jobs[0]?.garbage).toHaveLength(31);
  expect(await checkpoints.get(metadataKey, call)).toStrictEqual({ kind: 'absent' });
  const again = await readMetadata(checkpoints, restored.handle.metadataKey, call);
  const texts = await Promise.all(
    referencedObjects(again).map(async ({ key }) => {
      const answer = await checkpoints.get(key, call);
      return answer.kind === 'found' ? answer.bytes.toString() : '';
    }),
  );
  expect(texts.toSorted()).toStrictEqual(contents.toSorted());
  expect(restored.handle.checkpoint).toBe(parseCheckpointId(100n));
  const query = { uid: 'correlate', state: 'nothing', key: 'k' };
  const reading = { store: checkpoints, call, fetchBytes: 1_024 };
  await expect(findState(again, query, reading)).rejects.toThrow('it has visits');
  await checkpoints.close();
});
