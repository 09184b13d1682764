import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readVarint, readVarlong, varintEnd, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

test.each([
  [0, '00'],
  [-1, '01'],
  [1, '02'],
  [63, '7e'],
  [-64, '7f'],
  [64, '8001'],
  [300, 'd804'],
  [2_147_483_647, 'feffffff0f'],
  [-2_147_483_648, 'ffffffff0f'],
])('%i is written as %s', (value, hex) => {
  const bytes = Buffer.alloc(10);
  const end = writeVarint(bytes, 0, value);

  expect(bytes.toString('hex', 0, end)).toBe(hex);
});

test('any 32-bit number is read back, in the bytes that were promised', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(5), (value, start) => {
      const bytes = Buffer.alloc(16, 0xff);
      const end = writeVarint(bytes, start, value);

      expect(end - start).toBe(varintSize(value));
      expect(readVarint(bytes, start)).toBe(value);
      expect(varintEnd).toBe(end);
    }),
  );
});

test('any difference of two timestamps is read back, in the bytes that were promised', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (value) => {
      const bytes = Buffer.alloc(16, 0xff);
      const end = writeVarlong(bytes, 0, value);

      expect(end).toBe(varlongSize(value));
      expect(readVarlong(bytes, 0)).toBe(value === 0 ? 0 : value);
      expect(varintEnd).toBe(end);
    }),
  );
});

test('bytes that never end stop after a bounded number', () => {
  readVarint(Buffer.alloc(20, 0xff), 0);

  expect(varintEnd).toBeLessThanOrEqual(6);
});
