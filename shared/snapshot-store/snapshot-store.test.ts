import { mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MemorySnapshotStore } from './memory-snapshot-store.ts';
import type { StoreFault } from './memory-snapshot-store.ts';
import { NodeSnapshotStore } from './node-snapshot-store.ts';
import { snapshotStoreConformance } from './snapshot-store.conformance.ts';
import type { StoreCall } from './snapshot-store.ts';

const call: StoreCall = { deadlineMs: 5_000, signal: new AbortController().signal };
const made: string[] = [];

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'nerve-snapshots-'));
  made.push(path);
  return path;
}

afterAll(async () => {
  for (const path of made) {
    await rm(path, { recursive: true, force: true });
  }
});

snapshotStoreConformance('memory', async () => await Promise.resolve(new MemorySnapshotStore()));
snapshotStoreConformance('a directory', async () => await NodeSnapshotStore.open(await directory()));

describe('a directory as a snapshot store', () => {
  test('leaves no scratch file behind, and removes those of the dead when it opens', async () => {
    const root = await directory();
    const store = await NodeSnapshotStore.open(root);
    await store.put('x/y', Buffer.from('1'), call);
    await store.put('x/y', Buffer.from('2'), call);
    const scratch = join(root, '.unfinished');
    expect(await readdir(scratch)).toStrictEqual([]);
    await writeFile(join(scratch, 'dead'), '');
    await utimes(join(scratch, 'dead'), 1, 1);
    await writeFile(join(scratch, 'living'), '');

    await NodeSnapshotStore.open(root);

    expect(await readdir(scratch)).toStrictEqual(['living']);
  });

  test('keeps no empty folders, and puts into one that is being removed succeed', async () => {
    const root = await directory();
    const store = await NodeSnapshotStore.open(root);
    await store.put('a/stays', Buffer.from('1'), call);
    const comeAndGo = async (worker: number): Promise<void> => {
      for (let i = 0; i < 40; i += 1) {
        const key = `a/b/${i % 2}/${worker}`;
        expect((await store.put(key, Buffer.from('x'), call)).kind).toBe('created');
        expect((await store.get(key, call)).kind).toBe('found');
        await store.delete(key, call);
      }
    };
    const look = async (): Promise<void> => {
      for (let i = 0; i < 40; i += 1) {
        const seen: string[] = [];
        for await (const { key } of store.list('a/', call)) {
          seen.push(key);
        }
        expect(seen).toContain('a/stays');
      }
    };

    await Promise.all([comeAndGo(1), comeAndGo(2), comeAndGo(3), look()]);

    expect(await readdir(join(root, 'a'))).toStrictEqual(['stays']);
  });

  test('that cannot be used says which, and what to check', async () => {
    const root = await directory();
    await symlink('/dev/null', join(root, 'no-directory'));

    await expect(NodeSnapshotStore.open(join(root, 'no-directory'))).rejects.toMatchObject({
      failure: { code: 'snapshot-directory-unusable', reaction: 'fail-job' },
    });
  });
});

describe('an ambiguous put (I3)', () => {
  test.each<[StoreFault, string]>([
    ['request-lost', 'absent'],
    ['answer-lost', 'found'],
    ['delayed', 'absent'],
  ])('after %s finds the object %s', async (fault, kind) => {
    const store = new MemorySnapshotStore({ fault: once(fault) });

    const answer = await store.put('key', Buffer.from('mine'), call);

    expect(answer.kind).toBe('ambiguous');
    expect((await store.get('key', call)).kind).toBe(kind);
  });

  test('that lands late neither replaces another nor harms its own repeat', async () => {
    const store = new MemorySnapshotStore({ fault: once('delayed') });
    await store.put('key', Buffer.from('late'), call);

    const repeat = await store.put('key', Buffer.from('late'), call);
    store.landDelayed();

    expect(repeat.kind).toBe('created');
    const answer = await store.get('key', call);
    expect(answer).toStrictEqual({ kind: 'found', bytes: Buffer.from('late') });
  });
});

function once(fault: StoreFault): () => StoreFault {
  let left = 1;
  return () => {
    left -= 1;
    return left === 0 ? fault : 'none';
  };
}
