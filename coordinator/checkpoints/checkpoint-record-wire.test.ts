import { expect, test } from 'vitest';
import { parseAttemptNumber, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import { formatNumber, formatPointer, parseNumber, parsePointer } from './checkpoint-record-wire.ts';
import { id } from './checkpoints-testing.ts';
import { formatKnownSplits, parseKnownSplits } from './known-splits-wire.ts';
import { parseSplitId } from '../../shared/ids.ts';

test('a pointer comes back as it was', () => {
  const handle = { checkpoint: id(7), metadataKey: 'jobs/j/checkpoints/3-7/metadata' };
  const pointer = {
    ...handle,
    jobId: parseJobId('j'),
    attempt: parseAttemptNumber(2),
    leaderEpoch: parseLeaderEpoch(2n ** 61n),
    retained: [{ checkpoint: id(6), metadataKey: 'six' }, handle],
    pins: [{ ...handle, directory: 's3://bucket/savepoint' }],
    final: 'drain',
  } as const;

  expect(parsePointer(formatPointer(pointer))).toStrictEqual(pointer);
  expect(parsePointer(formatPointer({ ...pointer, final: undefined }))?.final).toBeUndefined();
});

test('numbers come back as they were, also such as JSON cannot hold', () => {
  expect(parseNumber(formatNumber(2n ** 62n))).toBe(2n ** 62n);
});

test('known splits come back as they were', () => {
  const known = {
    splits: [{ id: parseSplitId('topic-0'), position: '{"offset":5}' }],
    finished: new Set([parseSplitId('topic-0')]),
    isComplete: true,
  };

  expect(parseKnownSplits(formatKnownSplits(known))).toStrictEqual(known);
});

test('what is none of ours is undefined', () => {
  for (const text of ['', '{', 'null', '{"format":9}', '{"known":[{"id":""}],"finished":[],"complete":true}']) {
    expect([parsePointer(text), parseNumber(text), parseKnownSplits(text)]).toStrictEqual([
      undefined,
      undefined,
      undefined,
    ]);
  }
});
