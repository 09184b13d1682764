import type { DirectoryCall, LeaderAnswer, LeaderDirectory } from '../../shared/leader/leader-directory.ts';

/**
 * What the first directory says; where it knows nothing (etcd cannot be reached), the leader that the second one finds. Both are asked at
 * once, so that the second answer is there when the first does not come. Owns both.
 */
export class PreferredLeaderDirectory implements LeaderDirectory {
  readonly #first: LeaderDirectory;
  readonly #second: LeaderDirectory;

  constructor(first: LeaderDirectory, second: LeaderDirectory) {
    this.#first = first;
    this.#second = second;
  }

  /** When neither finds a leader, the failure is the first one's. */
  async find(call: DirectoryCall): Promise<LeaderAnswer> {
    const decided = new AbortController();
    const asked = this.#second.find({ ...call, signal: AbortSignal.any([call.signal, decided.signal]) });
    const answer = await this.#first.find(call);
    if (answer.kind !== 'unknown') {
      decided.abort();
    }
    const found = await asked;
    return answer.kind === 'unknown' && found.kind === 'leader' ? found : answer;
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    await this.#first.changed(ms, signal);
  }

  close(): void {
    this.#first.close();
    this.#second.close();
  }
}
