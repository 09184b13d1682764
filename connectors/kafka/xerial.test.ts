import fc from 'fast-check';
import { compressSync } from 'snappy';
import { expect, test } from 'vitest';
import { decompress } from './node-compression.ts';
import { isXerial, unpackXerial, xerialFrame } from './xerial.ts';

test('a frame of any size is unpacked again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200_000 }), (size) => {
      const bytes = Buffer.alloc(size, 'abcdefg');

      expect(
        unpackXerial(
          xerialFrame(bytes, (block) => block),
          (block) => block,
        ).equals(bytes),
      ).toBe(true);
    }),
    { numRuns: 20 },
  );
});

test('a frame begins as snappy-java’s does', () => {
  const frame = xerialFrame(Buffer.from('x'), (block) => block);

  expect(frame.toString('hex')).toBe('82534e415050590000000001000000010000000178');
  expect(isXerial(frame)).toBe(true);
  expect(isXerial(Buffer.from('something else entirely'))).toBe(false);
});

test('Snappy without a frame, as other clients write it, is read too', () => {
  expect(decompress(2, compressSync(Buffer.from('plain'))).toString()).toBe('plain');
});

test('a block that reaches beyond its frame is an error', () => {
  const frame = xerialFrame(Buffer.from('abc'), (block) => block);

  expect(() => unpackXerial(frame.subarray(0, -1), (block) => block)).toThrow(RangeError);
});
