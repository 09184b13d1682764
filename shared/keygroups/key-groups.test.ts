import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKeyGroup, parseSubtaskIndex } from '../ids.ts';
import { KEY_HASH_ID, flinkMurmur, murmur3 } from './key-hash.ts';
import { defaultMaxParallelism, keyGroupOf, keyGroupRange, subtaskOfKey, subtaskOfKeyGroup } from './key-groups.ts';

// Golden vectors of Flink 1.20 (reference §2.1): code, murmurHash, key group at M = 128, 4096, 32768.
const golden = [
  [0, 593689054, 94, 2526, 31198],
  [1, 68075478, 86, 4054, 16342],
  [2, 1085422463, 127, 2943, 15231],
  [-1, 1982413648, 80, 2896, 15184],
  [42, 1134849565, 29, 3613, 28189],
  [127, 1931274395, 27, 2203, 26779],
  [128, 132521001, 41, 3113, 7209],
  [1000, 3506311, 7, 135, 135],
  [123456789, 1088346449, 81, 2385, 22865],
  [2147483647, 1653689534, 62, 3262, 19646],
  [-2147483648, 1718298732, 108, 2156, 10348],
  [99162322, 1715862179, 35, 2723, 31395],
  [97, 1455541201, 81, 3025, 19409],
] as const;

describe('the key hash', () => {
  test('has the name under which stored state knows it', () => {
    expect(KEY_HASH_ID).toBe('murmur3_x86_32+flink-murmur/1');
  });

  test.each(golden)('of code %i is that of Flink', (code, hash, at128, at4096, at32768) => {
    expect(flinkMurmur(code)).toBe(hash);
    expect([hash % 128, hash % 4096, hash % 32768]).toStrictEqual([at128, at4096, at32768]);
  });

  // Reference vectors of MurmurHash3_x86_32 with seed 0.
  test.each([
    ['', 0],
    ['a', 0x3c2569b2],
    ['abc', 0xb3dd93fa],
    ['hello', 0x248bfa47],
    ['hello, world', 0x149bbb7f],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('of the bytes of "%s" is that of MurmurHash3', (text, hash) => {
    expect(murmur3(Buffer.from(text)) >>> 0).toBe(hash);
  });
});

describe('key group ranges', () => {
  test.each([
    [128, 3, [42, 85, 127]],
    [128, 5, [25, 51, 76, 102, 127]],
    [128, 7, [18, 36, 54, 73, 91, 109, 127]],
    [10, 7, [1, 2, 4, 5, 7, 8, 9]],
  ])('of M=%i and P=%i end where those of Flink end', (max, parallelism, lasts) => {
    const ends = lasts.map((_, i) => keyGroupRange(parseSubtaskIndex(i), parallelism, max).last);

    expect(ends).toStrictEqual(lasts);
  });

  test('cover every key group once and agree with the owner of each (I2, I3)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2048 }), fc.nat(), (max, pick) => {
        const parallelism = 1 + (pick % max);
        let next = 0;
        for (let i = 0; i < parallelism; i += 1) {
          const range = keyGroupRange(parseSubtaskIndex(i), parallelism, max);
          expect(range.first).toBe(next);
          expect(subtaskOfKeyGroup(range.first, parallelism, max)).toBe(i);
          expect(subtaskOfKeyGroup(range.last, parallelism, max)).toBe(i);
          next = range.last + 1;
        }
        expect(next).toBe(max);
      }),
      { numRuns: 200 },
    );
  });

  test('a key goes to the owner of its key group (I1)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 64 }), (key, parallelism) => {
        const group = keyGroupOf(key, 1024);
        expect(subtaskOfKey(key, parallelism, 1024)).toBe(subtaskOfKeyGroup(group, parallelism, 1024));
      }),
    );
  });

  test('a parallelism above the maximum is refused', () => {
    expect(() => keyGroupRange(parseSubtaskIndex(0), 9, 8)).toThrow('does not hold for 9 and 8');
  });

  test.each([
    [85, 128],
    [86, 256],
    [128, 256],
    [200, 512],
    [10000, 16384],
    [30000, 32768],
  ])('the default maximum for parallelism %i is %i', (parallelism, max) => {
    expect(defaultMaxParallelism(parallelism)).toBe(max);
  });

  test('a key group is a whole number from 0', () => {
    expect(() => parseKeyGroup(-1)).toThrow('key group');
  });
});
