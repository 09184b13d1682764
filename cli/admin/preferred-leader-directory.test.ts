import { afterEach, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import { leaderDirectoryConformance } from '../../shared/leader/leader-directory.conformance.ts';
import type { DirectoryCall, LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import type { Leader } from '../../shared/leader/leader.ts';
import { MemoryLeaderDirectory } from '../../shared/leader/memory-leader-directory.ts';
import { PreferredLeaderDirectory } from './preferred-leader-directory.ts';

const call: DirectoryCall = { deadlineMs: 1_000, signal: new AbortController().signal };
const first: Leader = { address: 'a:1', epoch: parseLeaderEpoch(1n), sinceMs: 1 };
const second: Leader = { address: 'b:1', epoch: parseLeaderEpoch(2n), sinceMs: 2 };
const AWAY = { code: 'etcd-unavailable', reaction: 'retry', message: 'etcd does not answer' } as const;
const away: LeaderDirectory = {
  find: async () => await Promise.resolve({ kind: 'unknown', failure: AWAY }),
  changed: async () => {
    await Promise.resolve();
  },
  close: () => undefined,
};

const opened: LeaderDirectory[] = [];
afterEach(() => {
  opened.splice(0).forEach((directory) => {
    directory.close();
  });
});

let epoch = 0n;
leaderDirectoryConformance('the preferred of two', async () => {
  const preferred = memory();
  return await Promise.resolve({
    directory: new PreferredLeaderDirectory(preferred, memory(second)),
    elect: async (elected) => {
      epoch += 1n;
      const leader = elected && { ...elected, epoch: parseLeaderEpoch(epoch) };
      preferred.leader = leader;
      return await Promise.resolve(leader);
    },
    close: async () => {
      await Promise.resolve();
    },
  });
});

test('what the first one knows counts, also that nobody leads', async () => {
  expect(await of(memory(first), memory(second)).find(call)).toStrictEqual({ kind: 'leader', leader: first });
  expect(await of(memory(), memory(second)).find(call)).toStrictEqual({ kind: 'nobody' });
});

test('where the first one knows nothing the second one is believed, if it finds a leader', async () => {
  expect(await of(away, memory(second)).find(call)).toStrictEqual({ kind: 'leader', leader: second });
  expect(await of(away, memory()).find(call)).toStrictEqual({ kind: 'unknown', failure: AWAY });
});

function memory(leader?: Leader): MemoryLeaderDirectory {
  return new MemoryLeaderDirectory(new MemoryClock(), leader);
}

function of(preferred: LeaderDirectory, other: LeaderDirectory): LeaderDirectory {
  const directory = new PreferredLeaderDirectory(preferred, other);
  opened.push(directory);
  return directory;
}
