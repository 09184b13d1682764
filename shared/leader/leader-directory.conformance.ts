import { afterEach, describe, expect, test } from 'vitest';
import { parseLeaderEpoch } from '../ids.ts';
import type { Leader } from './leader.ts';
import type { DirectoryCall, LeaderDirectory } from './leader-directory.ts';

/** How a suite handles a directory. */
export interface DirectoryUnderTest {
  readonly directory: LeaderDirectory;
  /** From now on nobody leads, or somebody does; resolves to what is then to be found (the epoch may be the service's own). */
  readonly elect: (leader: Pick<Leader, 'address' | 'sinceMs'> | undefined) => Promise<Leader | undefined>;
  close(): Promise<void>;
}

const call: DirectoryCall = { deadlineMs: 5_000, signal: new AbortController().signal };

/** What every directory must do. */
export function leaderDirectoryConformance(name: string, open: () => Promise<DirectoryUnderTest>): void {
  describe(`${name} as a leader directory`, () => {
    const opened: DirectoryUnderTest[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0)) {
        each.directory.close();
        await each.close();
      }
    });

    async function start(): Promise<DirectoryUnderTest> {
      const under = await open();
      opened.push(under);
      return under;
    }

    test('finds the leader, its epoch and since when it leads', async () => {
      const { directory, elect } = await start();
      const leader = await elect({ address: '127.0.0.1:4711', sinceMs: 1_790_000_000_123 });

      expect(leader?.sinceMs).toBe(1_790_000_000_123);
      expect(await directory.find(call)).toStrictEqual({ kind: 'leader', leader });
    });

    test('says that nobody leads', async () => {
      const { directory, elect } = await start();
      await elect(undefined);

      expect(await directory.find(call)).toStrictEqual({ kind: 'nobody' });
    });

    test('finds the next leader, with a greater epoch', async () => {
      const { directory, elect } = await start();
      const first = await elect({ address: '127.0.0.1:1', sinceMs: 1 });
      await directory.find(call);
      await elect(undefined);
      const second = await elect({ address: '127.0.0.1:2', sinceMs: 2 });

      expect(await directory.find(call)).toStrictEqual({ kind: 'leader', leader: second });
      expect((second?.epoch ?? parseLeaderEpoch(1n)) > (first?.epoch ?? parseLeaderEpoch(1n))).toBe(true);
    });

    test('a wait for a change ends when the leader changes, and what is then found is the change', async () => {
      const { directory, elect } = await start();
      await elect(undefined);
      let found = await directory.find(call);
      const electing = elect({ address: '127.0.0.1:3', sinceMs: 3 });
      while (found.kind !== 'leader') {
        await directory.changed(60_000, call.signal);
        found = await directory.find(call);
      }

      expect(found).toStrictEqual({ kind: 'leader', leader: await electing });
    });

    test('a wait for a change ends at once when the process is ending', async () => {
      const { directory } = await start();
      const ending = new AbortController();
      const waiting = directory.changed(60_000, ending.signal);
      ending.abort();

      await waiting;
      expect((await directory.find({ ...call, signal: ending.signal })).kind).toBe('unknown');
    });
  });
}
