import { expect, test } from 'vitest';
import { InvariantViolation } from '../../shared/invariant.ts';
import { parseSplitId } from '../../shared/ids.ts';
import { parseSplitState, splitState } from './split-position.ts';

test('a position is read back as it was written, beyond 2^53 too', () => {
  const bounded = { topic: 'a-b', partition: 7, next: 2n ** 60n, end: 2n ** 60n + 1n };
  const unbounded = { topic: 'a-b', partition: 7, next: 0n, end: undefined };

  expect(parseSplitState(splitState(bounded))).toStrictEqual(bounded);
  expect(parseSplitState(splitState(unbounded))).toStrictEqual(unbounded);
  expect(splitState(bounded).id).toBe('a-b-7');
});

test('the form in checkpoints stays', () => {
  expect(splitState({ topic: 't', partition: 0, next: 5n, end: undefined }).position).toBe(
    '{"topic":"t","partition":0,"next":"5"}',
  );
  expect(splitState({ topic: 't', partition: 0, next: 5n, end: 9n }).position).toBe(
    '{"topic":"t","partition":0,"next":"5","end":"9"}',
  );
});

test.each([
  'null',
  '{}',
  '{"topic":"t","partition":0}',
  '{"topic":"t","partition":0,"next":"-1"}',
  '{"topic":"t","partition":0,"next":"1","end":2}',
])('a position that is none (%s) is a violation', (position) => {
  expect(() => parseSplitState({ id: parseSplitId('t-0'), position })).toThrow(InvariantViolation);
});
