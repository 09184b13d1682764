import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GetAnswer, SnapshotStore, StoreCall } from './snapshot-store.ts';

const call: StoreCall = { deadlineMs: 20_000, signal: new AbortController().signal };

/** What every snapshot store must do; `make` gives an empty one. `largeBytes`: above the size that goes in parts. */
export function snapshotStoreConformance(name: string, make: () => Promise<SnapshotStore>, largeBytes = 200_000): void {
  describe(`${name} as a snapshot store`, () => {
    let store: SnapshotStore;
    beforeAll(async () => {
      store = await make();
    });
    afterAll(async () => {
      await store.close();
    });

    test('gives back the bytes that were put', async () => {
      const bytes = randomBytes(10_000);

      const answer = await store.put('a/b/object.bin', bytes, call);

      expect(answer.kind).toBe('created');
      expect(bytesOf(await store.get('a/b/object.bin', call)).equals(bytes)).toBe(true);
    });

    test('keeps an empty object', async () => {
      await store.put('a/empty', Buffer.alloc(0), call);

      expect(bytesOf(await store.get('a/empty', call))).toHaveLength(0);
    });

    test('never replaces an object (I1): other bytes under its key are told that it exists', async () => {
      await store.put('once/only', Buffer.from('first'), call);

      const answer = await store.put('once/only', Buffer.from('second'), call);

      expect(answer.kind).toBe('exists');
      expect(bytesOf(await store.get('once/only', call)).toString()).toBe('first');
    });

    test('lets a put be repeated (I2): the same bytes are created again', async () => {
      await store.put('once/again', Buffer.from('same'), call);

      const answer = await store.put('once/again', Buffer.from('same'), call);

      expect(answer.kind).toBe('created');
    });

    test('lets exactly one of many racing puts win', async () => {
      const racers = Array.from(
        { length: 12 },
        async (_, i) => await store.put('race', Buffer.from(`racer ${i}`), call),
      );

      const answers = await Promise.all(racers);

      expect(answers.filter((answer) => answer.kind === 'created')).toHaveLength(1);
    });

    test('puts a large object whole, and only where none is', async () => {
      const bytes = randomBytes(largeBytes);

      const first = await store.put('large', bytes, call);
      const other = await store.put('large', randomBytes(largeBytes), call);
      const again = await store.put('large', bytes, call);

      expect([first.kind, other.kind, again.kind]).toStrictEqual(['created', 'exists', 'created']);
      expect(bytesOf(await store.get('large', call)).equals(bytes)).toBe(true);
    });

    test('reads ranges, and says when an object ends before one does', async () => {
      await store.put('ranged', Buffer.from('0123456789'), call);

      const middle = bytesOf(await store.getRange('ranged', { offset: 3, length: 4 }, call));
      const nothing = bytesOf(await store.getRange('ranged', { offset: 3, length: 0 }, call));

      expect([middle.toString(), nothing.length]).toStrictEqual(['3456', 0]);
      const beyond = { code: 'snapshot-object-truncated' };
      await expect(store.getRange('ranged', { offset: 8, length: 4 }, call)).rejects.toMatchObject({ failure: beyond });
      await expect(store.getRange('ranged', { offset: 10, length: 1 }, call)).rejects.toMatchObject({
        failure: beyond,
      });
    });

    test('answers absent for what is not there', async () => {
      const whole = await store.get('nothing/here', call);
      const part = await store.getRange('nothing/here', { offset: 0, length: 1 }, call);

      expect([whole.kind, part.kind]).toStrictEqual(['absent', 'absent']);
    });

    test('lists by prefix in byte order (I5)', async () => {
      const keys = ['list/b', 'list/a/x', 'list/a-y', 'list/B', 'list/a/x-1', 'listing'];
      for (const key of keys) {
        await store.put(key, Buffer.from(key), call);
      }

      expect(await keysOf(store, 'list/')).toStrictEqual(['list/B', 'list/a-y', 'list/a/x', 'list/a/x-1', 'list/b']);
      expect(await keysOf(store, 'list/a')).toStrictEqual(['list/a-y', 'list/a/x', 'list/a/x-1']);
      expect(await keysOf(store, 'list/none')).toStrictEqual([]);
    });

    test('deletes, also what is not there, and takes the key again', async () => {
      await store.put('gone', Buffer.from('1'), call);

      const answers = [await store.delete('gone', call), await store.delete('gone', call)];

      expect(answers.map((answer) => answer.kind)).toStrictEqual(['deleted', 'deleted']);
      expect((await store.get('gone', call)).kind).toBe('absent');
      expect((await store.put('gone', Buffer.from('2'), call)).kind).toBe('created');
    });

    test('refuses keys that some store could not hold', async () => {
      for (const key of ['', '/a', 'a/', 'a//b', '../a', '.hidden', 'a b', 'ä']) {
        await expect(store.put(key, Buffer.from('x'), call)).rejects.toThrow('object key');
      }
    });

    test('ends a call whose signal has aborted (I4)', async () => {
      const aborted: StoreCall = { deadlineMs: 1_000, signal: AbortSignal.abort() };

      await expect(store.put('aborted', Buffer.from('x'), aborted)).rejects.toThrow(/abort/i);
      await expect(store.get('aborted', aborted)).rejects.toThrow(/abort/i);
    });
  });
}

function bytesOf(answer: GetAnswer): Buffer {
  if (answer.kind === 'absent') {
    throw new Error('the object is absent');
  }
  return answer.bytes;
}

async function keysOf(store: SnapshotStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key, bytes } of store.list(prefix, call)) {
    expect(bytes).toBe(key.length);
    keys.push(key);
  }
  return keys;
}
