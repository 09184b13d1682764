import { performance } from 'node:perf_hooks';

export interface Measured {
  /** Median of the rounds. */
  readonly perSecond: number;
  readonly microseconds: number;
  readonly rounds: number;
}

/** Runs over all messages again and again for `seconds`, after a third of that as warm-up. */
export function measureRounds(messages: readonly Buffer[], run: (bytes: Buffer) => void, seconds: number): Measured {
  const warmUntil = performance.now() + (seconds * 1000) / 3;
  while (performance.now() < warmUntil) {
    messages.forEach(run);
  }
  const until = performance.now() + seconds * 1000;
  const microseconds: number[] = [];
  while (performance.now() < until || microseconds.length === 0) {
    const start = performance.now();
    messages.forEach(run);
    microseconds.push(((performance.now() - start) * 1000) / messages.length);
  }
  microseconds.sort((a, b) => a - b);
  const median = microseconds[microseconds.length >> 1] ?? 0;
  return { perSecond: 1e6 / median, microseconds: median, rounds: microseconds.length };
}
