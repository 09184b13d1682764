import type { Clock } from './clock.ts';

/** A clock that moves only when told: the twin of the node clock for tests and simulation. */
export class MemoryClock implements Clock {
  #now: number;
  readonly #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  constructor(nowMs = 0) {
    this.#now = nowMs;
  }

  nowMs(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now;
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || ms <= 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        resolve();
      });
    });
  }

  /** Moves time forward and wakes, in order of their time, all sleepers that are due. */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    for (;;) {
      this.#sleepers.sort((a, b) => a.at - b.at);
      const next = this.#sleepers[0];
      if (next === undefined || next.at > target) {
        break;
      }
      this.#sleepers.shift();
      this.#now = next.at;
      next.wake();
      await Promise.resolve();
    }
    this.#now = target;
  }
}
