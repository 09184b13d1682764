import { afterEach, describe, expect, test } from 'vitest';
import type { LeaderElection, Leadership } from './leader-election.ts';

/** How a suite handles elections. */
export interface ElectionUnderTest {
  /** One more that campaigns for the same office. */
  contender(): Promise<LeaderElection>;
  close(): Promise<void>;
}

/** What every election must do. */
export function leaderElectionConformance(name: string, open: () => Promise<ElectionUnderTest>): void {
  describe(`${name} as a leader election`, () => {
    const opened: ElectionUnderTest[] = [];
    const ending = new AbortController();
    afterEach(async () => {
      for (const each of opened.splice(0)) {
        await each.close();
      }
    });

    async function contenders(count: number): Promise<LeaderElection[]> {
      const under = await open();
      opened.push(under);
      return await Promise.all(Array.from({ length: count }, async () => await under.contender()));
    }

    async function lead(election: LeaderElection | undefined): Promise<Leadership> {
      const leadership = await election?.campaign(ending.signal);
      if (leadership === undefined) {
        throw new Error('it did not win');
      }
      return leadership;
    }

    test('one that campaigns alone leads, and has proof of it', async () => {
      const [alone] = await contenders(1);
      const leadership = await lead(alone);

      expect([leadership.isProven(), leadership.lost.aborted]).toStrictEqual([true, false]);
    });

    test('one leads at a time; when it resigns the next leads, with a greater epoch, until each has led', async () => {
      const won: Leadership[] = [];
      const terms = (await contenders(4)).map(async (each) => {
        const leadership = await lead(each);
        won.push(leadership);
        expect(won.filter((one) => one.isProven())).toStrictEqual([leadership]);
        await leadership.resign();
      });
      await Promise.all(terms);

      const epochs = won.map(({ epoch }) => epoch);
      expect(epochs).toStrictEqual([...epochs].sort((a, b) => (a < b ? -1 : 1)));
      expect(new Set(epochs).size).toBe(4);
    });

    test('who resigned has no proof any more, and was not robbed of anything', async () => {
      const [alone] = await contenders(1);
      const leadership = await lead(alone);
      await leadership.resign();
      await leadership.resign();

      expect([leadership.isProven(), leadership.lost.aborted]).toStrictEqual([false, false]);
    });

    test('one that wins again leads with a greater epoch', async () => {
      const [alone] = await contenders(1);
      const first = await lead(alone);
      await first.resign();
      const second = await lead(alone);

      expect(second.epoch > first.epoch).toBe(true);
      expect([first.isProven(), second.isProven()]).toStrictEqual([false, true]);
    });

    test('a process that is ending does not lead', async () => {
      const [alone] = await contenders(1);

      expect(await alone?.campaign(AbortSignal.abort())).toBe(undefined);
    });

    test('one that waits in line may give up, and the one behind it is not forgotten', async () => {
      const [first, second, third] = await contenders(3);
      const leadership = await lead(first);
      const givingUp = new AbortController();
      const waits = second?.campaign(givingUp.signal);
      const next = lead(third);
      givingUp.abort();

      expect(await waits).toBe(undefined);
      await leadership.resign();
      expect((await next).isProven()).toBe(true);
    });

    test('a leader whose election is closed is told that it lost', async () => {
      const [first, second] = await contenders(2);
      const leadership = await lead(first);
      await first?.close();

      expect([leadership.isProven(), leadership.lost.aborted]).toStrictEqual([false, true]);
      expect((await lead(second)).epoch > leadership.epoch).toBe(true);
    });
  });
}
