import { expect, test } from 'vitest';
import { MemoryElection } from './memory-election.ts';

test('each leader has a greater epoch, also than one of an earlier process', async () => {
  const election = new MemoryElection(7);
  const { signal } = new AbortController();
  const first = await election.campaign(signal);
  await first?.resign();
  const second = await election.campaign(signal);

  expect([first?.epoch, second?.epoch]).toStrictEqual([8n, 9n]);
  expect(second?.lost.aborted).toBe(false);
});

test('a process that is ending does not lead', async () => {
  const ending = new AbortController();
  ending.abort();

  expect(await new MemoryElection(0).campaign(ending.signal)).toBeUndefined();
});
