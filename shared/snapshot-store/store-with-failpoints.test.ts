import { afterEach, expect, test } from 'vitest';
import { armFailpoints } from '../failpoints/failpoint.ts';
import { MemorySnapshotStore } from './memory-snapshot-store.ts';
import { storeWithFailpoints } from './store-with-failpoints.ts';

const call = { deadlineMs: 1_000, signal: new AbortController().signal };

afterEach(() => {
  arm([]);
});

test('a store is left alone where nothing is armed', () => {
  const store = new MemorySnapshotStore();

  expect(storeWithFailpoints(store)).toBe(store);
});

test('an armed store damages what it is told to damage, and nothing else', async () => {
  arm([{ name: 'store.put', action: { kind: 'corrupt' }, nth: 1, andAfter: false }]);
  const store = storeWithFailpoints(new MemorySnapshotStore());

  await store.put('a', Buffer.of(1), call);
  await store.put('b', Buffer.of(1), call);

  expect(await store.get('a', call)).toStrictEqual({ kind: 'found', bytes: Buffer.of(254) });
  expect(await store.get('b', call)).toStrictEqual({ kind: 'found', bytes: Buffer.of(1) });
});

function arm(rules: Parameters<typeof armFailpoints>[0]): void {
  let count = 0;
  armFailpoints(rules, {
    count: () => (count += 1),
    announce: () => undefined,
    act: () => undefined,
    wait: async () => await Promise.resolve(),
  });
}
