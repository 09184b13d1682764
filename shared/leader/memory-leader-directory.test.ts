import { nodeClock } from '../clock/node-clock.ts';
import { parseLeaderEpoch } from '../ids.ts';
import { leaderDirectoryConformance } from './leader-directory.conformance.ts';
import type { Leader } from './leader.ts';
import { MemoryLeaderDirectory } from './memory-leader-directory.ts';

leaderDirectoryConformance('memory', async () => {
  const directory = new MemoryLeaderDirectory(nodeClock);
  let last = 0n;
  return await Promise.resolve({
    directory,
    elect: async (elected) => {
      last += 1n;
      const leader: Leader | undefined = elected && { ...elected, epoch: parseLeaderEpoch(last) };
      directory.leader = leader;
      return await Promise.resolve(leader);
    },
    close: async () => {
      await Promise.resolve();
    },
  });
});
