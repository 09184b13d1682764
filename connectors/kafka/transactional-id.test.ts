import { expect, test } from 'vitest';
import { idsOfAttempt, transactionalIdOf } from './transactional-id.ts';

const sink = { clusterId: 'c', jobId: 'j', uid: 's', attempt: 3 };

test('an id names cluster, job, sink, attempt, subtask and number', () => {
  const id = transactionalIdOf({ ...sink, subtask: 1, n: 4 });

  expect(id).toBe('c/j/s/3/1/4');
});

test('all ids of an attempt are those of each subtask and number', () => {
  expect(idsOfAttempt(sink, 2, 3)).toStrictEqual([
    'c/j/s/3/0/0',
    'c/j/s/3/0/1',
    'c/j/s/3/0/2',
    'c/j/s/3/1/0',
    'c/j/s/3/1/1',
    'c/j/s/3/1/2',
  ]);
});
