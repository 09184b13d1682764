import { parseLeaderEpoch } from '../../shared/ids.ts';
import type { LeaderElection, Leadership } from './leader-election.ts';

/**
 * The election of a cluster with one coordinator: it wins, and leads until its process ends; and the twin for simulations,
 * in which several campaign in one process: one leads at a time, the others wait in line. Its epochs must be greater than
 * those of an earlier process, which task managers and job records remember: `after` is where they begin, such as the wall
 * clock or the greatest epoch that the job store knows.
 */
export class MemoryElection implements LeaderElection {
  #lastEpoch: bigint;
  #leader: MemoryLeadership | undefined;
  readonly #waiting: (() => void)[] = [];

  constructor(after: number | bigint) {
    this.#lastEpoch = BigInt(after);
  }

  async campaign(signal: AbortSignal): Promise<Leadership | undefined> {
    await Promise.resolve();
    while (this.#leader !== undefined && !signal.aborted) {
      await this.#turn(signal);
    }
    if (signal.aborted) {
      return undefined;
    }
    this.#lastEpoch += 1n;
    this.#leader = new MemoryLeadership(this.#lastEpoch, (leadership) => {
      this.#vacate(leadership);
    });
    return this.#leader;
  }

  /** What the end of a lease does: the leader is told, and the next in line leads. */
  depose(): void {
    this.#leader?.lose();
  }

  async close(): Promise<void> {
    this.depose();
    await Promise.resolve();
  }

  #vacate(leadership: MemoryLeadership): void {
    if (this.#leader === leadership) {
      this.#leader = undefined;
      this.#waiting.shift()?.();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const onAbort = (): void => {
        const at = this.#waiting.indexOf(wake);
        if (at >= 0) {
          this.#waiting.splice(at, 1);
        }
        resolve();
      };
      const wake = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

class MemoryLeadership implements Leadership {
  readonly epoch: Leadership['epoch'];
  readonly #lost = new AbortController();
  readonly #vacate: (leadership: MemoryLeadership) => void;
  #hasEnded = false;

  constructor(epoch: bigint, vacate: (leadership: MemoryLeadership) => void) {
    this.epoch = parseLeaderEpoch(epoch);
    this.#vacate = vacate;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isProven(): boolean {
    return !this.#hasEnded;
  }

  lose(): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#lost.abort();
      this.#vacate(this);
    }
  }

  async resign(): Promise<void> {
    this.#hasEnded = true;
    this.#vacate(this);
    await Promise.resolve();
  }
}
