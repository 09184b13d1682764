import { expect, test } from 'vitest';
import { Inbox } from './inbox.ts';

const never = new AbortController().signal;

test('items come out in the order in which they went in', async () => {
  const inbox = new Inbox<number>(10_000);
  for (let i = 0; i < 5_000; i += 1) {
    inbox.offer(i);
  }
  const out: (number | undefined)[] = [];
  for (let i = 0; i < 5_000; i += 1) {
    out.push(await inbox.take(never));
  }

  expect(out).toStrictEqual(Array.from({ length: 5_000 }, (_, i) => i));
  expect(inbox.size).toBe(0);
});

test('a reader waits for an item', async () => {
  const inbox = new Inbox<string>(1);
  const taken = inbox.take(never);
  await inbox.put('late', never);

  expect(await taken).toBe('late');
});

test('a writer waits while the inbox is full, and goes on in order when there is room', async () => {
  const inbox = new Inbox<number>(1);
  await inbox.put(1, never);
  const order: string[] = [];
  const second = inbox.put(2, never).then(() => order.push('two is in'));
  await Promise.resolve();
  order.push('one is out');
  const first = await inbox.take(never);
  await second;

  expect(first).toBe(1);
  expect(order).toStrictEqual(['one is out', 'two is in']);
  expect(inbox.size).toBe(1);
});

test('an abort ends both waits, and adds nothing', async () => {
  const inbox = new Inbox<number>(1);
  const stop = new AbortController();
  await inbox.put(1, never);
  const put = inbox.put(2, stop.signal);
  stop.abort();

  expect(await put).toBe(false);
  expect(await inbox.take(stop.signal)).toBeUndefined();
  expect(inbox.size).toBe(1);
});
