import { expect, test } from 'vitest';
import { TRANSACTIONAL_ID_NOT_FOUND } from './error-codes.ts';
import { judgeTransaction } from './judge-transaction.ts';
import type { DescribedTransaction, TransactionState } from './transaction-states-request.ts';

const owner = { transactionalId: 'c/j/s/1/0/0', producerId: 7n, producerEpoch: 4 };

function described(state: TransactionState, more: Partial<DescribedTransaction> = {}): DescribedTransaction {
  return { ...owner, errorCode: 0, state, timeoutMs: 60_000, startedAtMs: -1, partitions: [], ...more };
}

test.each<[TransactionState, string]>([
  ['CompleteCommit', 'committed'],
  ['PrepareCommit', 'committed'],
  ['Ongoing', 'open'],
  ['Unknown', 'open'],
  ['PrepareAbort', 'lost'],
  ['CompleteAbort', 'lost'],
  ['PrepareEpochFence', 'lost'],
  ['Empty', 'lost'],
  ['Dead', 'lost'],
])('of the same producer and epoch, %s is %s', (state, expected) => {
  expect(judgeTransaction(owner, described(state)).kind).toBe(expected);
});

test.each<[string, Partial<DescribedTransaction>, string]>([
  ['an abort under the next epoch is the timeout', { state: 'CompleteAbort', producerEpoch: 5 }, 'timeout'],
  [
    'a commit under the next epoch is that of another transaction',
    { state: 'CompleteCommit', producerEpoch: 5 },
    'given out again',
  ],
  ['an id that was given out again tells nothing', { state: 'Empty', producerEpoch: 5 }, 'given out again'],
  ['an id that is in use again tells nothing', { state: 'Ongoing', producerEpoch: 6 }, 'given out again'],
  ['another producer tells nothing', { state: 'CompleteCommit', producerId: 8n, producerEpoch: 4 }, 'given out again'],
  ['an unknown id tells nothing', { state: 'Empty', errorCode: TRANSACTIONAL_ID_NOT_FOUND }, 'no longer knows'],
])('%s, and is a loss', (_, now, because) => {
  const judgement = judgeTransaction(owner, described('Empty', now));

  expect(judgement).toMatchObject({ kind: 'lost' });
  expect(judgement).toHaveProperty('because', expect.stringContaining(because));
});
