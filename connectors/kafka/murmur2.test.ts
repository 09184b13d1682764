import fc from 'fast-check';
import { expect, test } from 'vitest';
import { murmur2, partitionOfKey, partitionOfText } from './murmur2.ts';

// The vectors of Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
])('the hash of %s is that of the Java client', (text, expected) => {
  expect(murmur2(Buffer.from(text))).toBe(expected);
});

test('three raw bytes hash as in the Java client', () => {
  expect(murmur2(Buffer.from('abc'))).toBe(479470107);
});

test('a partition is in range also where the hash is negative', () => {
  expect(partitionOfKey(Buffer.from('21'), 7)).toBe((-973932308 & 0x7fffffff) % 7);
});

test('a key that is text goes where its UTF-8 goes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 800 }),
      fc.integer({ min: 1, max: 1_000 }),
      (key, partitions) => {
        expect(partitionOfText(key, partitions)).toBe(partitionOfKey(Buffer.from(key), partitions));
      },
    ),
  );
});
