import { parseLeaderEpoch } from '../../shared/ids.ts';
import type { LeaderElection, Leadership } from './leader-election.ts';

/**
 * The election of a cluster with one coordinator: it wins, and leads until its process ends. Its epochs must be greater than
 * those of an earlier process, which task managers remember: `startedAtMs` (wall clock) is where they begin.
 */
export class MemoryElection implements LeaderElection {
  #lastEpoch: bigint;

  constructor(startedAtMs: number) {
    this.#lastEpoch = BigInt(startedAtMs);
  }

  async campaign(signal: AbortSignal): Promise<Leadership | undefined> {
    await Promise.resolve();
    if (signal.aborted) {
      return undefined;
    }
    this.#lastEpoch += 1n;
    const lost = new AbortController();
    return {
      epoch: parseLeaderEpoch(this.#lastEpoch),
      lost: lost.signal,
      resign: async () => {
        await Promise.resolve();
      },
    };
  }
}
