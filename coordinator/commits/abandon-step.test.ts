import { expect, test } from 'vitest';
import { parseAttemptNumber, parseJobId, parseOperatorUid } from '../../shared/ids.ts';
import { ABANDON_BACKOFF, beginAbandonments, onAbandonAnswer, onAbandonTick } from './abandon-step.ts';

const jobId = parseJobId('j');
const a = parseOperatorUid('a');
const b = parseOperatorUid('b');
const attempt = { attempt: parseAttemptNumber(3), parallelism: 2, transactionPool: 6 };
const later = { code: 'busy', reaction: 'retry', message: 'busy' } as const;

test('every sink of a condemned attempt is asked once, and the abandoning is over when each has answered', () => {
  const { abandonments, send } = begin();
  const one = onAbandonAnswer(abandonments, { ...said(a), kind: 'abandoned' }, 0).abandonments;
  const both = onAbandonAnswer(one, { ...said(b), kind: 'abandoned' }, 0).abandonments;

  expect(send).toStrictEqual([
    { kind: 'abandon', jobId, sink: a, attempt, tries: 1 },
    { kind: 'abandon', jobId, sink: b, attempt, tries: 1 },
  ]);
  expect([one.open.size, both.open.size]).toStrictEqual([1, 0]);
});

test('one that fails is asked again after a growing delay, without end', () => {
  let now = 0;
  let { abandonments } = begin();
  const sent: number[] = [];
  for (let tries = 1; tries < 100; tries += 1) {
    const failed = onAbandonAnswer(abandonments, { ...said(a, tries), kind: 'abandon-failed', failure: later }, now);
    now += ABANDON_BACKOFF.mostMs;
    const again = onAbandonTick(failed.abandonments, now);
    sent.push(...again.send.map((send) => send.tries));
    ({ abandonments } = again);
  }

  expect(sent).toStrictEqual(Array.from({ length: 99 }, (_, i) => i + 2));
});

test('before its delay is over nothing is asked, and the failure is told', () => {
  const failed = onAbandonAnswer(begin().abandonments, { ...said(a), kind: 'abandon-failed', failure: later }, 0);

  expect(failed.failure).toBe(later);
  expect(onAbandonTick(failed.abandonments, ABANDON_BACKOFF.firstMs - 1).send).toStrictEqual([]);
});

test('answers to older tries, and about attempts that are not asked for, change nothing', () => {
  const { abandonments } = begin();
  const other = { ...said(a), attempt: parseAttemptNumber(2), kind: 'abandoned' } as const;

  expect(onAbandonAnswer(abandonments, other, 0).abandonments).toBe(abandonments);
  expect(onAbandonAnswer(abandonments, { ...said(a, 2), kind: 'abandoned' }, 0).abandonments).toBe(abandonments);
});

function begin(): ReturnType<typeof beginAbandonments> {
  return beginAbandonments(
    jobId,
    [
      { sink: a, attempt },
      { sink: b, attempt },
    ],
    0,
  );
}

function said(
  sink: typeof a,
  tries = 1,
): { jobId: typeof jobId; attempt: typeof attempt.attempt; sink: typeof a; tries: number } {
  return { jobId, attempt: attempt.attempt, sink, tries };
}
