import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { metadataKeyIn } from '../../shared/checkpoint/snapshot-folder.ts';
import { parseJobId, parseLeaderEpoch, parseOperatorUid } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { StoreFault } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import { openSnapshotStore } from '../../shared/snapshot-store/node-open-snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import { copySavepoint } from './copy-savepoint.ts';
import { savepointDirectory } from './plan-savepoint.ts';
import { restoreSavepoint } from './restore-savepoint.ts';
import { call, metadataOf, storeCheckpoint } from './stored-checkpoint-testing.ts';

const { signal } = call;
const DIRECTORY = 's3://safe/sp/savepoint-hl7-1';

describe('a savepoint', () => {
  test('holds all of the checkpoint in one folder, named relatively, and no committables', async () => {
    const checkpoints = new MemorySnapshotStore();
    const safe = new MemorySnapshotStore();
    const { metadataKey, metadata } = await storeCheckpoint(checkpoints, ['one', 'two', 'one']);

    await copySavepoint(pinOf(metadataKey), depsOf(checkpoints, safe), signal);

    const copied = await readMetadata(safe, 'savepoint-hl7-1/metadata', call);
    expect(copied.kind).toBe('savepoint');
    expect(copied.operators.flatMap(({ subtasks }) => subtasks.flatMap(({ committables }) => committables))).toEqual(
      [],
    );
    expect(await keysOf(safe)).toStrictEqual([
      'savepoint-hl7-1/metadata',
      ...referencedObjects(copied)
        .map(({ key }) => key)
        .sort(),
    ]);
    expect(referencedObjects(copied)).toHaveLength(2);
    expect(copied.operators.map(({ uid }) => uid)).toStrictEqual(metadata.operators.map(({ uid }) => uid));
    const moved = new MemorySnapshotStore();
    for (const key of await keysOf(safe)) {
      await moved.put(key.replace('savepoint-hl7-1', 'archive-7'), await bytesOf(safe, key), call);
    }
    const elsewhere = await readMetadata(moved, 'archive-7/metadata', call);
    expect(await missing(moved, referencedObjects(elsewhere))).toStrictEqual([]);
  });

  test('is finished by repeating the copy, whatever the stores did before, and its metadata never stands before its objects', async () => {
    const fault = fc.constantFrom<StoreFault>('none', 'none', 'unavailable', 'request-lost', 'answer-lost', 'delayed');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 8 }), { maxLength: 12 }),
        fc.array(fault, { maxLength: 40 }),
        async (contents, faults) => {
          const left = [...faults];
          const checkpoints = new MemorySnapshotStore();
          const { metadataKey } = await storeCheckpoint(
            checkpoints,
            contents.map((text, i) => `${i % 5} ${text}`),
          );
          const safe = new MemorySnapshotStore({
            fault: (operation) => (operation === 'put' ? (left.shift() ?? 'none') : 'none'),
          });

          for (let isDone = false; !isDone;) {
            isDone = await copySavepoint(pinOf(metadataKey), depsOf(checkpoints, safe), signal).then(
              () => true,
              () => false,
            );
            safe.landDelayed();
            if ((await keysOf(safe)).includes('savepoint-hl7-1/metadata')) {
              const copied = await readMetadata(safe, 'savepoint-hl7-1/metadata', call);
              expect(await missing(safe, referencedObjects(copied))).toStrictEqual([]);
            }
          }

          expect(await keysOf(safe)).toContain('savepoint-hl7-1/metadata');
        },
      ),
      { numRuns: 200 },
    );
  });

  test('is not made of an object that was cut or changed', async () => {
    const checkpoints = new MemorySnapshotStore();
    const safe = new MemorySnapshotStore();
    const { metadataKey, metadata } = await storeCheckpoint(checkpoints, ['one', 'two']);
    const [first] = referencedObjects(metadata);
    await checkpoints.delete(first!.key, call);

    await expect(copySavepoint(pinOf(metadataKey), depsOf(checkpoints, safe), signal)).rejects.toMatchObject({
      failure: { code: 'snapshot-object-missing' },
    });
    await checkpoints.put(first!.key, Buffer.from('onE'), call);
    await expect(copySavepoint(pinOf(metadataKey), depsOf(checkpoints, safe), signal)).rejects.toMatchObject({
      failure: { code: 'snapshot-object-corrupt' },
    });
    expect(await keysOf(safe)).not.toContain('savepoint-hl7-1/metadata');
  });

  test('that would stand over something else is refused', async () => {
    const checkpoints = new MemorySnapshotStore();
    const safe = new MemorySnapshotStore();
    const { metadataKey } = await storeCheckpoint(checkpoints, ['one']);
    await safe.put('savepoint-hl7-1/metadata', Buffer.from('another'), call);

    await expect(copySavepoint(pinOf(metadataKey), depsOf(checkpoints, safe), signal)).rejects.toMatchObject({
      failure: { code: 'snapshot-key-taken' },
    });
  });

  test('has a directory of its own below the one that was asked for', () => {
    expect(savepointDirectory('s3://safe/sp/', 'hl7', 'a1b2')).toBe('s3://safe/sp/savepoint-hl7-a1b2');
  });
});

describe('beginning from a savepoint', () => {
  test('copies it into the prefix of the job, so that the savepoint may go', async () => {
    const { checkpoints, safe } = await savepoint();

    const { handle, metadata, leftBehind } = await restoreSavepoint(
      { directory: DIRECTORY, allowNonRestored: false },
      jobOf(['raw', 'correlate', 'parse', 'new']),
      depsOf(checkpoints, safe),
      signal,
    );

    expect(leftBehind).toStrictEqual([]);
    expect(handle).toStrictEqual({ checkpoint: 100n, metadataKey: 'jobs/next/restored/second/metadata' });
    expect(await readMetadata(checkpoints, handle.metadataKey, call)).toStrictEqual(metadata);
    expect(metadata).toMatchObject({ jobId: 'next', lineage: 'second', leaderEpoch: 9n, checkpoint: 100n });
    expect(await missing(checkpoints, referencedObjects(metadata))).toStrictEqual([]);
    expect(referencedObjects(metadata).every(({ key }) => key.startsWith('jobs/next/restored/second/'))).toBe(true);
    expect(metadata.operators.map(({ uid }) => uid)).toStrictEqual(['raw', 'parse', 'correlate']);
  });

  test('a checkpoint of another job will do as well', async () => {
    const checkpoints = new MemorySnapshotStore();
    const { metadataKey } = await storeCheckpoint(checkpoints, ['one', 'two']);

    const { metadata } = await restoreSavepoint(
      { directory: `s3://ours/cp/${metadataKey.replace('/metadata', '')}`, allowNonRestored: false },
      jobOf(['raw', 'correlate']),
      {
        ...depsOf(checkpoints, checkpoints),
        open: async (location) => await at(checkpoints, location, 's3://ours/cp'),
      },
      signal,
    );

    expect(metadata.operators.flatMap(({ subtasks }) => subtasks.flatMap(({ committables }) => committables))).toEqual(
      [],
    );
    expect(await missing(checkpoints, referencedObjects(metadata))).toStrictEqual([]);
  });

  test('state without an operator is an error that names each, or is left behind when that is asked for', async () => {
    const { checkpoints, safe } = await savepoint();
    const before = await keysOf(checkpoints);

    const refused = restoreSavepoint(
      { directory: DIRECTORY, allowNonRestored: false },
      jobOf(['other']),
      depsOf(checkpoints, safe),
      signal,
    );
    await expect(refused).rejects.toMatchObject({ failure: { code: 'savepoint-incompatible' } });
    await expect(refused).rejects.toThrow(/operator raw .*\n.*operator correlate /);
    expect(await keysOf(checkpoints)).toStrictEqual(before);

    const { leftBehind, metadata } = await restoreSavepoint(
      { directory: DIRECTORY, allowNonRestored: true },
      jobOf(['raw']),
      depsOf(checkpoints, safe),
      signal,
    );
    expect(leftBehind).toStrictEqual(['correlate']);
    expect(referencedObjects(metadata)).toStrictEqual([]);
  });

  test('another max parallelism or key hash is an error for keyed state, and for that alone', async () => {
    const { checkpoints, safe } = await savepoint();
    const job = jobOf(['raw', 'correlate', 'parse'], { maxParallelism: 256, hashId: 'other/1' });

    const refused = restoreSavepoint(
      { directory: DIRECTORY, allowNonRestored: true },
      job,
      depsOf(checkpoints, safe),
      signal,
    );

    await expect(refused).rejects.toThrow('pipeline.max-parallelism to 128');
    await expect(refused).rejects.toThrow('divides its keys by other/1');
    await expect(refused).rejects.not.toThrow('operator raw');
  });

  test('a directory that is no savepoint says so', async () => {
    const { checkpoints, safe } = await savepoint();
    const from = async (directory: string): Promise<unknown> =>
      await restoreSavepoint({ directory, allowNonRestored: false }, jobOf([]), depsOf(checkpoints, safe), signal);

    await expect(from('s3://safe/sp/nothing')).rejects.toMatchObject({
      failure: { code: 'snapshot-metadata-missing' },
    });
    await expect(from('s3://safe')).rejects.toMatchObject({ failure: { code: 'snapshot-location-invalid' } });
    await safe.put('odd/metadata', Buffer.from('odd'), call);
    await expect(from('s3://safe/sp/odd')).rejects.toMatchObject({ failure: { code: 'snapshot-metadata-malformed' } });
  });
});

describe('in folders', () => {
  const folders: string[] = [];
  afterEach(async () => {
    await Promise.all(folders.splice(0).map(async (folder) => await rm(folder, { recursive: true })));
  });

  test('a savepoint can be moved and restored from its new place', async () => {
    const root = await mkdtemp(join(tmpdir(), 'nerve-savepoint-'));
    folders.push(root);
    const s3 = { endpoint: undefined, region: '', accessKey: undefined, secretKey: undefined };
    const open = async (location: string): Promise<SnapshotStore> => await openSnapshotStore(location, s3);
    const checkpoints = await open(join(root, 'checkpoints'));
    const { metadataKey } = await storeCheckpoint(checkpoints, ['one', 'two']);
    const deps = { checkpoints, open, callMs: 5_000 };

    await copySavepoint({ ...pinOf(metadataKey), directory: join(root, 'safe', 'sp-1') }, deps, signal);
    await rename(join(root, 'safe', 'sp-1'), join(root, 'moved'));
    await rm(join(root, 'checkpoints', 'jobs'), { recursive: true });
    const { metadata } = await restoreSavepoint(
      { directory: join(root, 'moved'), allowNonRestored: false },
      jobOf(['raw', 'correlate']),
      deps,
      signal,
    );

    expect(await missing(checkpoints, referencedObjects(metadata))).toStrictEqual([]);
  });
});

async function savepoint(): Promise<{ checkpoints: MemorySnapshotStore; safe: MemorySnapshotStore }> {
  const checkpoints = new MemorySnapshotStore();
  const safe = new MemorySnapshotStore();
  const { metadataKey } = await storeCheckpoint(checkpoints, ['one', 'two']);
  await copySavepoint(pinOf(metadataKey), depsOf(checkpoints, safe), signal);
  return { checkpoints, safe };
}

function pinOf(metadataKey: string): Parameters<typeof copySavepoint>[0] {
  return { checkpoint: metadataOf([]).checkpoint, metadataKey, directory: DIRECTORY };
}

function depsOf(checkpoints: SnapshotStore, safe: SnapshotStore): Parameters<typeof copySavepoint>[1] {
  return { checkpoints, open: async (location) => await at(safe, location, 's3://safe/sp'), callMs: 5_000 };
}

async function at(store: SnapshotStore, location: string, expected: string): Promise<SnapshotStore> {
  expect(location).toBe(expected);
  return await Promise.resolve(store);
}

function jobOf(
  uids: readonly string[],
  { maxParallelism = 128, hashId = KEY_HASH_ID } = {},
): Parameters<typeof restoreSavepoint>[1] {
  return {
    jobId: parseJobId('next'),
    lineage: 'second',
    leaderEpoch: parseLeaderEpoch(9n),
    operators: uids.map((uid) => ({ uid: parseOperatorUid(uid), maxParallelism, hashId })),
  };
}

async function keysOf(store: SnapshotStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('', call)) {
    keys.push(key);
  }
  return keys;
}

async function bytesOf(store: SnapshotStore, key: string): Promise<Buffer> {
  const answer = await store.get(key, call);
  return answer.kind === 'found' ? answer.bytes : Buffer.alloc(0);
}

async function missing(
  store: SnapshotStore,
  objects: readonly { readonly key: string; readonly length: number }[],
): Promise<string[]> {
  const lengths = await Promise.all(objects.map(async ({ key }) => (await bytesOf(store, key)).length));
  return objects.filter(({ length }, i) => lengths[i] !== length).map(({ key }) => key);
}

test('the metadata stands beside its objects', () => {
  expect(metadataKeyIn('a/b')).toBe('a/b/metadata');
});
