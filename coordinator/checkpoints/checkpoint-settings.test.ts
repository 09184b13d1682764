import { describe, expect, test } from 'vitest';
import {
  DEFAULT_CHECKPOINT_SETTINGS,
  findTimeoutProblem,
  transactionPoolSize,
  transactionTimeoutNeededMs,
} from './checkpoint-settings.ts';
import { ackOf, A, prepared } from './checkpoints-testing.ts';
import { headroomMs, outputsOf } from './prepared-output.ts';

describe('the transaction timeout of a sink', () => {
  const needed = transactionTimeoutNeededMs(DEFAULT_CHECKPOINT_SETTINGS, {
    leaderlessGraceMs: 60_000,
    recoveryMs: 30_000,
  });

  test('outlives every tolerable failure, a time without leader and a recovery', () => {
    expect(needed).toBe(4 * 61_000 + 90_000);
  });

  test('is refused when it is shorter than that, or longer than the broker allows', () => {
    expect(findTimeoutProblem(needed - 1, needed, undefined)).toContain('too short');
    expect(findTimeoutProblem(needed, needed, needed - 1)).toContain('transaction.max.timeout.ms');
    expect(findTimeoutProblem(needed, needed, needed)).toBeUndefined();
  });
});

test('a writer has an id for every checkpoint that may be open, and two more', () => {
  expect(transactionPoolSize(DEFAULT_CHECKPOINT_SETTINGS)).toBe(6);
});

test('the headroom is that of the oldest prepared output', () => {
  const ack = ackOf(A, 1, { committables: [prepared('x', 1, 3_000), prepared('y', 1, 1_000)] });
  const newest = { checkpoint: ack.checkpoint, outputs: outputsOf(ack, 500) };

  expect(headroomMs(new Map([[A, newest]]), 700)).toBe(6_800);
  expect(headroomMs(new Map(), 700)).toBeUndefined();
});
