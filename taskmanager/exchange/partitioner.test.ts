import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { subtaskOfKey } from '../../shared/keygroups/key-groups.ts';
import { KeyBytes } from './key-bytes.ts';
import { EVERY_CHANNEL, makePartitioner } from './partitioner.ts';

const options = { producer: 0, channelCount: 3, maxParallelism: 128 };

describe('partitioning', () => {
  test('by hash sends a key to the owner of its key group, with the key’s bytes', () => {
    const partitioner = makePartitioner({ ...options, partitioning: { kind: 'hash', key: String } });

    fc.assert(
      fc.property(fc.string({ maxLength: 100, unit: 'grapheme' }), (key) => {
        const bytes = Buffer.from(key, 'utf8');

        expect(partitioner.channelOf(key)).toBe(subtaskOfKey(bytes, 3, 128));
        expect(partitioner.keyBytes?.equals(bytes)).toBe(true);
      }),
    );
  });

  test('by rebalance takes turns, beginning at the producer’s own index', () => {
    const partitioner = makePartitioner({ ...options, producer: 4, partitioning: { kind: 'rebalance' } });

    expect([1, 2, 3, 4].map((value) => partitioner.channelOf(value))).toStrictEqual([1, 2, 0, 1]);
  });

  test('forward has one channel, broadcast has all', () => {
    const forward = makePartitioner({ ...options, channelCount: 1, partitioning: { kind: 'forward' } });
    const broadcast = makePartitioner({ ...options, partitioning: { kind: 'broadcast' } });

    expect(forward.channelOf(1)).toBe(0);
    expect(broadcast.channelOf(1)).toBe(EVERY_CHANNEL);
  });
});

test('the bytes of a key are those of UTF-8, whatever was serialized before', () => {
  const keyBytes = new KeyBytes();

  fc.assert(
    fc.property(fc.string({ maxLength: 100 }), fc.string({ maxLength: 100, unit: 'binary' }), (before, key) => {
      keyBytes.of(before);

      expect(keyBytes.of(key).equals(Buffer.from(key, 'utf8'))).toBe(true);
    }),
  );
});
