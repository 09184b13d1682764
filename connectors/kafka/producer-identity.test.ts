import { expect, test } from 'vitest';
import { ProducerIdentity } from './producer-identity.ts';

test('sequences of a partition follow on, each partition for itself', () => {
  const identity = new ProducerIdentity(9n, 2, undefined);

  expect(identity.nextBatch('t-0', 10)).toStrictEqual({ id: 9n, epoch: 2, baseSequence: 0, isTransactional: false });
  expect(identity.nextBatch('t-0', 5).baseSequence).toBe(10);
  expect(identity.nextBatch('t-1', 5).baseSequence).toBe(0);
  expect(identity.nextBatch('t-0', 1).baseSequence).toBe(15);
});

test('a sequence wraps to 0 behind 2^31 - 1', () => {
  const identity = new ProducerIdentity(9n, 2, 'id');
  identity.nextBatch('t-0', 2_147_483_647);

  expect(identity.nextBatch('t-0', 2)).toMatchObject({ baseSequence: 2_147_483_647, isTransactional: true });
  expect(identity.nextBatch('t-0', 1).baseSequence).toBe(1);
});
