import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { unknownTopic } from './broker-failures.ts';
import { retryTransient } from './kafka-retry.ts';

const away: Failure = { code: 'kafka-unreachable', reaction: 'retry', message: 'away' };

/** Fails with each of the failures in turn, then succeeds; moves the clock on whenever it sleeps. */
async function run(
  failures: readonly Failure[],
  budgetMs: number,
): Promise<{ outcome: unknown; calls: number; tookMs: number }> {
  const clock = new MemoryClock();
  const { signal } = new AbortController();
  const ticking = { ...bound(clock), sleep: async (ms: number) => await clock.advance(ms) };
  let calls = 0;
  const work = async (): Promise<string> => {
    calls += 1;
    const failure = failures[calls - 1];
    if (failure !== undefined) {
      throw new StreamError(failure);
    }
    return await Promise.resolve('done');
  };
  let outcome: unknown;
  try {
    outcome = await retryTransient(work, ticking, budgetMs, signal);
  } catch (error) {
    outcome = error instanceof StreamError ? error.failure : error;
  }
  return { outcome, calls, tookMs: clock.monotonicMs() };
}

function bound(clock: MemoryClock): { nowMs: () => number; monotonicMs: () => number } {
  return { nowMs: () => clock.nowMs(), monotonicMs: () => clock.monotonicMs() };
}

test('what passes in time is not seen', async () => {
  expect(await run([away, away], 5_000)).toStrictEqual({ outcome: 'done', calls: 3, tookMs: 150 });
});

test('what does not pass in time costs the attempt', async () => {
  const { outcome, tookMs } = await run(
    Array.from({ length: 100 }, () => away),
    5_000,
  );

  expect(outcome).toStrictEqual({ ...away, reaction: 'restart-job' });
  expect(tookMs).toBeLessThanOrEqual(5_000);
});

test('what cannot pass is told at once', async () => {
  const refused: Failure = { code: 'kafka-login-refused', reaction: 'fail-job', message: 'no' };

  expect(await run([refused], 5_000)).toStrictEqual({ outcome: refused, calls: 1, tookMs: 0 });
});

describe('an unknown topic', () => {
  const unknown = unknownTopic('t', ['a:1']);

  test('may have been created a moment ago', async () => {
    expect((await run([unknown, unknown], 5_000)).outcome).toBe('done');
  });

  test('that stays unknown fails the job', async () => {
    const { outcome, tookMs } = await run(
      Array.from({ length: 100 }, () => unknown),
      30_000,
    );

    expect(outcome).toStrictEqual(unknown);
    expect(tookMs).toBeLessThan(5_000);
  });
});
