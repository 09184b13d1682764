import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from '../../shared/random/random.ts';
import { decideRestart, FLINK_EXPONENTIAL_DELAY, NEVER_RESTARTED } from './restart-policy.ts';
import type { RestartHistory, RestartStrategy } from './restart-policy.ts';

const steady: RestartStrategy = { ...exponential(), jitter: 0 };

test('the first restart is at once, then delays grow by half up to the maximum', () => {
  expect(delays(steady, 14)).toStrictEqual([
    0, 1_000, 1_500, 2_250, 3_375, 5_062.5, 7_593.75, 11_390.625, 17_085.9375, 25_628.90625, 38_443.359375,
    57_665.0390625, 60_000, 60_000,
  ]);
});

test('failures before the restart is due belong to it: they neither count nor delay it', () => {
  const history = { series: 2, total: 2, dueAt: 5_000, delayMs: 1_000 };

  expect(decideRestart(steady, history, 4_999, seededRandom(1))).toStrictEqual({
    kind: 'restart-at',
    at: 5_000,
    history,
  });
});

test('after an hour without a failure the next restart is at once again', () => {
  const history = { series: 9, total: 9, dueAt: 0, delayMs: 60_000 };

  expect(decideRestart(steady, history, 3_659_999, seededRandom(1))).toMatchObject({ history: { series: 10 } });
  expect(decideRestart(steady, history, 3_660_000, seededRandom(1))).toMatchObject({
    at: 3_660_000,
    history: { series: 1, total: 10 },
  });
});

test('gives up after as many restarts as allowed, and at once without a strategy', () => {
  const history: RestartHistory = { series: 3, total: 3, dueAt: 0, delayMs: 0 };

  expect(decideRestart({ ...exponential(), attemptsMax: 3 }, history, 10, seededRandom(1)).kind).toBe('give-up');
  expect(decideRestart({ kind: 'none' }, NEVER_RESTARTED, 0, seededRandom(1)).kind).toBe('give-up');
});

test('jitter stays within a tenth, and is the same for the same seed', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const jittered = delays(FLINK_EXPONENTIAL_DELAY, 6, seed);

      expect(jittered).toStrictEqual(delays(FLINK_EXPONENTIAL_DELAY, 6, seed));
      jittered.forEach((delay, i) => {
        const exact = delays(steady, 6)[i] ?? 0;
        expect(Math.abs(delay - exact)).toBeLessThanOrEqual(exact * 0.1 + 1e-6);
      });
    }),
  );
});

function delays(strategy: RestartStrategy, count: number, seed = 1): readonly number[] {
  const random = seededRandom(seed);
  let history = NEVER_RESTARTED;
  let now = 0;
  return Array.from({ length: count }, () => {
    const decision = decideRestart(strategy, history, now, random);
    if (decision.kind === 'give-up') {
      return -1;
    }
    const delay = decision.at - now;
    history = decision.history;
    now = decision.at + 1;
    return delay;
  });
}

function exponential(): Extract<RestartStrategy, { kind: 'exponential-delay' }> {
  if (FLINK_EXPONENTIAL_DELAY.kind !== 'exponential-delay') {
    throw new Error('unreachable');
  }
  return FLINK_EXPONENTIAL_DELAY;
}
