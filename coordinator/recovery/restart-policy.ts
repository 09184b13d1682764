import { unreachable } from '../../shared/invariant.ts';
import type { Random } from '../../shared/random/random.ts';
import type { Instant } from '../membership/members.ts';

/**
 * When a failed job runs again. Flink's exponential-delay strategy
 * (`ExponentialDelayRestartBackoffTimeStrategy`), except that the first restart of a series comes at once.
 *
 * I1  Failures before the next restart is due belong to the same burst: they neither count nor delay it further.
 * I2  The delay before restart n (from 0) of a series is 0 for n = 0, else min(max, initial × multiplier^(n−1)) × (1 ± jitter).
 * I3  A job that ran for the reset threshold (plus its last delay) begins a new series.
 */
export type RestartStrategy =
  | {
      readonly kind: 'exponential-delay';
      readonly initialBackoffMs: number;
      readonly maxBackoffMs: number;
      readonly multiplier: number;
      readonly resetAfterMs: number;
      /** 0.1: each delay is up to a tenth shorter or longer, so that jobs that failed together do not restart together. */
      readonly jitter: number;
      /** Restarts of one series; undefined: without end. */
      readonly attemptsMax: number | undefined;
    }
  | { readonly kind: 'none' };

export interface RestartHistory {
  /** Restarts of the present series. */
  readonly series: number;
  /** Restarts since the job was submitted. */
  readonly total: number;
  /** When the last restart was due; undefined before the first. */
  readonly dueAt: Instant | undefined;
  readonly delayMs: number;
}

export const NEVER_RESTARTED: RestartHistory = { series: 0, total: 0, dueAt: undefined, delayMs: 0 };

export type RestartDecision =
  | { readonly kind: 'restart-at'; readonly at: Instant; readonly history: RestartHistory }
  | { readonly kind: 'give-up'; readonly why: string };

/** Flink's defaults (`restart-strategy.exponential-delay.*`). */
export const FLINK_EXPONENTIAL_DELAY: RestartStrategy = {
  kind: 'exponential-delay',
  initialBackoffMs: 1_000,
  maxBackoffMs: 60_000,
  multiplier: 1.5,
  resetAfterMs: 3_600_000,
  jitter: 0.1,
  attemptsMax: undefined,
};

export function decideRestart(
  strategy: RestartStrategy,
  history: RestartHistory,
  now: Instant,
  random: Random,
): RestartDecision {
  switch (strategy.kind) {
    case 'none':
      return { kind: 'give-up', why: 'restart-strategy.type is none' };
    case 'exponential-delay': {
      if (history.dueAt !== undefined && now < history.dueAt) {
        return { kind: 'restart-at', at: history.dueAt, history };
      }
      const isStable = history.dueAt !== undefined && now - history.dueAt >= strategy.resetAfterMs + history.delayMs;
      const series = isStable ? 0 : history.series;
      if (strategy.attemptsMax !== undefined && series >= strategy.attemptsMax) {
        return { kind: 'give-up', why: `it was restarted ${series} times, as often as restart-strategy allows` };
      }
      const delayMs = delayOf(strategy, series, random);
      const at = now + delayMs;
      return { kind: 'restart-at', at, history: { series: series + 1, total: history.total + 1, dueAt: at, delayMs } };
    }
    default:
      return unreachable(strategy);
  }
}

function delayOf(
  strategy: Extract<RestartStrategy, { kind: 'exponential-delay' }>,
  series: number,
  random: Random,
): number {
  if (series === 0) {
    return 0;
  }
  const { initialBackoffMs, maxBackoffMs, multiplier, jitter } = strategy;
  const backoff = Math.min(maxBackoffMs, initialBackoffMs * multiplier ** (series - 1));
  return backoff * (1 + jitter * (2 * random.next() - 1));
}
