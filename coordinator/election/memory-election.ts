import { parseLeaderEpoch } from '../../shared/ids.ts';
import type { LeaderElection, Leadership } from './leader-election.ts';

/** The election of a cluster with one coordinator: it wins, and leads until its process ends. */
export class MemoryElection implements LeaderElection {
  #lastEpoch = 0n;

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
