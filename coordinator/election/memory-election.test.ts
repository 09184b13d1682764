import { expect, test } from 'vitest';
import { MemoryElection } from './memory-election.ts';

test('the first leader has epoch 1, and each later one a greater', async () => {
  const election = new MemoryElection();
  const { signal } = new AbortController();
  const first = await election.campaign(signal);
  await first?.resign();
  const second = await election.campaign(signal);

  expect([first?.epoch, second?.epoch]).toStrictEqual([1n, 2n]);
  expect(second?.lost.aborted).toBe(false);
});

test('a process that is ending does not lead', async () => {
  const ending = new AbortController();
  ending.abort();

  expect(await new MemoryElection().campaign(ending.signal)).toBeUndefined();
});
