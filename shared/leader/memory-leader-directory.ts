import type { Clock } from '../clock/clock.ts';
import type { Leader } from './leader.ts';
import type { DirectoryCall, LeaderAnswer, LeaderDirectory } from './leader-directory.ts';

/** A directory that says what it is told to. */
export class MemoryLeaderDirectory implements LeaderDirectory {
  readonly #clock: Clock;
  #answer: LeaderAnswer;
  #changed = new AbortController();

  constructor(clock: Clock, leader?: Leader) {
    this.#clock = clock;
    this.#answer = answerOf(leader);
  }

  set leader(leader: Leader | undefined) {
    this.#answer = answerOf(leader);
    this.#changed.abort();
  }

  async find({ signal }: DirectoryCall): Promise<LeaderAnswer> {
    this.#changed = new AbortController();
    return await Promise.resolve(signal.aborted ? { kind: 'unknown', failure: ENDING } : this.#answer);
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(ms, AbortSignal.any([signal, this.#changed.signal]));
  }

  close(): void {
    this.leader = undefined;
  }
}

function answerOf(leader: Leader | undefined): LeaderAnswer {
  return leader === undefined ? { kind: 'nobody' } : { kind: 'leader', leader };
}

const ENDING = { code: 'coordinator-unreachable', reaction: 'retry', message: 'the process is ending' } as const;
