import { expect, test } from 'vitest';
import { leaderElectionConformance } from './leader-election.conformance.ts';
import { MemoryElection } from './memory-election.ts';

leaderElectionConformance('memory', async () => {
  const election = new MemoryElection(0);
  return await Promise.resolve({
    contender: async () => await Promise.resolve(election),
    close: async () => {
      await election.close();
    },
  });
});

test('epochs are greater than those of an earlier process', async () => {
  const leadership = await new MemoryElection(7).campaign(new AbortController().signal);

  expect(leadership?.epoch).toBe(8n);
});

test('a leader that is deposed is told so before the next one leads', async () => {
  const election = new MemoryElection(0);
  const { signal } = new AbortController();
  const first = await election.campaign(signal);
  const next = election.campaign(signal);
  election.depose();

  expect([first?.isProven(), first?.lost.aborted]).toStrictEqual([false, true]);
  expect((await next)?.isProven()).toBe(true);
});
