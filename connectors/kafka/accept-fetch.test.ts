import { describe, expect, test } from 'vitest';
import { StreamError } from '../../shared/failure/failure.ts';
import { required } from '../../shared/invariant.ts';
import { acceptFetched } from './accept-fetch.ts';
import type { FetchedPartition } from './fetch-request.ts';
import type { FetchedSplit } from './fetched-splits.ts';
import { FetchedSplits } from './fetched-splits.ts';
import { UNREACHABLE_MS } from './silence.ts';
import { splitIdOf } from './split-position.ts';

const NOT_LEADER = 6;
const brokers = ['10.0.0.7:9092'];

function ledSplit(): FetchedSplit {
  const splits = new FetchedSplits();
  splits.add({ topic: 'adt', partition: 0, next: 40n, end: undefined });
  const split = required(splits.get(splitIdOf('adt', 0)), 'the split just added');
  split.nodeId = 1;
  return split;
}

function answerOf(errorCode: number): FetchedPartition {
  return { topic: 'adt', partition: 0, errorCode, endOffset: 41n, aborted: [], records: Buffer.alloc(0) };
}

function failureOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof StreamError ? error.failure : error;
  }
}

describe('an answer about a split', () => {
  test('without records tells its end and leaves its offset', () => {
    const split = ledSplit();

    expect(acceptFetched(split, answerOf(0), 0, brokers)).toBeUndefined();
    expect(split).toMatchObject({ endOffset: 41n, fetchOffset: 40n, nodeId: 1 });
  });

  test('that its leader moved makes it lost, from the same offset', () => {
    const split = ledSplit();

    expect(acceptFetched(split, answerOf(NOT_LEADER), 0, brokers)).toBeUndefined();
    expect(split).toMatchObject({ fetchOffset: 40n, nodeId: undefined });
  });

  test('that its leader moved, again and again until the bound, costs the attempt', () => {
    const split = ledSplit();
    acceptFetched(split, answerOf(NOT_LEADER), 0, brokers);

    expect(failureOf(() => acceptFetched(split, answerOf(NOT_LEADER), UNREACHABLE_MS + 1, brokers))).toMatchObject({
      code: 'kafka-not-available',
      reaction: 'restart-job',
      message: expect.stringContaining('adt-0 could not be read for more than 120 s') as string,
    });
  });

  test('that succeeds ends the silence', () => {
    const split = ledSplit();
    acceptFetched(split, answerOf(NOT_LEADER), 0, brokers);
    acceptFetched(split, answerOf(0), UNREACHABLE_MS, brokers);
    acceptFetched(split, answerOf(NOT_LEADER), UNREACHABLE_MS + 1, brokers);

    expect(split.silence.lengthMs(UNREACHABLE_MS + 2)).toBe(1);
  });

  test('that its offset is not in the log fails the job at once', () => {
    expect(failureOf(() => acceptFetched(ledSplit(), answerOf(1), 0, brokers))).toMatchObject({
      code: 'kafka-offset-out-of-range',
      reaction: 'fail-job',
    });
  });

  test('that reading is not allowed fails the job at once', () => {
    expect(failureOf(() => acceptFetched(ledSplit(), answerOf(29), 0, brokers))).toMatchObject({
      code: 'kafka-not-authorized',
      reaction: 'fail-job',
    });
  });
});
