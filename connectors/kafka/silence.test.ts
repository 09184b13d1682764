import { describe, expect, test } from 'vitest';
import type { Failure } from '../../shared/failure/failure.ts';
import { noLeader } from './broker-failures.ts';
import type { Tried } from './silence.ts';
import { endOfRetries, Silence, UNREACHABLE_MS } from './silence.ts';

const refused: Failure = {
  code: 'kafka-unreachable',
  reaction: 'retry',
  message: 'Kafka at 10.0.0.7:9092 does not answer (ECONNREFUSED).',
  remedy: 'Check the addresses.',
};

describe('the silence of a partition', () => {
  test('begins with a failure, however long ago the last answer was: a reader that is not polled fetches nothing', () => {
    const silence = new Silence();
    silence.onAnswer();

    expect(silence.lengthMs(10 * UNREACHABLE_MS)).toBe(0);
    silence.onFailure(10 * UNREACHABLE_MS);
    expect(silence.lengthMs(10 * UNREACHABLE_MS + 5)).toBe(5);
  });

  test('goes on from the first failure on through all that follow, and passes the bound', () => {
    const silence = new Silence();
    silence.onFailure(1_000);
    silence.onFailure(1_000 + UNREACHABLE_MS);

    expect(silence.isTooLong(1_000 + UNREACHABLE_MS)).toBe(false);
    expect(silence.isTooLong(1_001 + UNREACHABLE_MS)).toBe(true);
  });

  test('ends with an answer; the next failure begins a new one', () => {
    const silence = new Silence();
    silence.onFailure(0);
    silence.onAnswer();
    silence.onFailure(UNREACHABLE_MS);

    expect(silence.isTooLong(2 * UNREACHABLE_MS)).toBe(false);
    expect(silence.isTooLong(2 * UNREACHABLE_MS + 1)).toBe(true);
  });

  test('does not count the time in which nothing was asked', () => {
    const silence = new Silence();
    silence.onFailure(0);
    silence.onPause(0, UNREACHABLE_MS);

    expect(silence.lengthMs(UNREACHABLE_MS + 7)).toBe(7);
  });

  test('that began during a pause counts from the end of the pause', () => {
    const silence = new Silence();
    silence.onFailure(300);
    silence.onPause(0, 500);

    expect(silence.lengthMs(510)).toBe(10);
  });

  test('is not begun by a pause', () => {
    const silence = new Silence();
    silence.onPause(0, 500);

    expect(silence.lengthMs(UNREACHABLE_MS)).toBe(0);
  });
});

function silentSince(id: string, sinceMs: number): Tried {
  const silence = new Silence();
  silence.onFailure(sinceMs);
  return { id, silence };
}

describe('a failed try', () => {
  test('is repeated while the silence is short', () => {
    const tried = { id: 'adt-0', silence: new Silence() };

    expect(endOfRetries([tried], refused, 1_000)).toBeUndefined();
    expect(endOfRetries([tried], refused, 1_000 + UNREACHABLE_MS)).toBeUndefined();
    expect(tried.silence.lengthMs(1_000 + UNREACHABLE_MS)).toBe(UNREACHABLE_MS);
  });

  test('ends a silence that is too long by a failure that names partitions, time, address and remedy', () => {
    const tried = [silentSince('adt-0', 0), silentSince('adt-1', 500), silentSince('adt-3', 0)];

    expect(endOfRetries(tried, refused, UNREACHABLE_MS + 1)).toStrictEqual({
      code: 'kafka-unreachable',
      reaction: 'restart-job',
      message:
        'adt-0, adt-3 could not be read for more than 120 s. Kafka at 10.0.0.7:9092 does not answer (ECONNREFUSED).',
      remedy: 'Check the addresses.',
    });
  });

  test('is never repeated without end: whenever answers stay away, the bound is met', () => {
    const tried = { id: 'adt-0', silence: new Silence() };
    let nowMs = 0;
    while (endOfRetries([tried], refused, nowMs) === undefined) {
      nowMs += 2_000;
    }

    expect(nowMs).toBe(UNREACHABLE_MS + 2_000);
  });

  test('that no repetition can cure ends at once, as it is', () => {
    const hopeless: Failure = { code: 'kafka-login-refused', reaction: 'fail-job', message: 'No.' };

    expect(endOfRetries([silentSince('adt-0', 0)], hopeless, 1)).toBe(hopeless);
  });

  test('counts the partitions that are too many to name', () => {
    const tried = Array.from({ length: 12 }, (_, i) => silentSince(`adt-${i}`, 0));

    expect(endOfRetries(tried, refused, UNREACHABLE_MS + 1)?.message).toMatch(
      /^adt-0, adt-1, adt-2, adt-3, adt-4 and 7 more could not/,
    );
  });

  test('keeps the code of what stood in the way', () => {
    const failure = endOfRetries([silentSince('adt-0', 0)], noLeader('adt', 0, ['a:1']), UNREACHABLE_MS + 1);

    expect(failure).toMatchObject({ code: 'kafka-no-leader', reaction: 'restart-job' });
  });
});
