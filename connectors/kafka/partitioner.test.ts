import { expect, test } from 'vitest';
import { partitionOfText } from './murmur2.ts';
import { Partitioner } from './partitioner.ts';

const record = (
  key: string | undefined,
  bytes = 100_000,
): { topic: string; key: string | undefined; value: Buffer; headers: object } => ({
  topic: 't',
  key,
  value: Buffer.alloc(bytes),
  headers: {},
});

test('a key decides', () => {
  const partitioner = new Partitioner(0);

  expect(partitioner.choose({ ...record('patient-7'), headers: {} }, 12)).toBe(partitionOfText('patient-7', 12));
});

test('without a key, runs of records go to one partition after the other', () => {
  const partitioner = new Partitioner(4);
  const chosen = Array.from({ length: 9 }, () => partitioner.choose({ ...record(undefined), headers: {} }, 3));

  expect(chosen).toStrictEqual([1, 1, 2, 2, 0, 0, 1, 1, 2]);
});

test('remembers how many partitions a topic had', () => {
  const partitioner = new Partitioner(0);
  partitioner.choose({ ...record('a'), headers: {} }, 5);

  expect(partitioner.lastCount('t')).toBe(5);
  expect(partitioner.lastCount('other')).toBeUndefined();
  expect(partitioner.topics()).toStrictEqual(['t']);
});
