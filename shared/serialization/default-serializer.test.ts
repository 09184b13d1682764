import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultSerializer } from './default-serializer.ts';

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.double().filter((value) => !Object.is(value, -0)),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.bigInt(),
  fc.date({ min: new Date(0), noInvalidDate: true }),
  fc.uint8Array({ maxLength: 50 }),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
);
const key = fc.string({ maxLength: 8 }).filter((name) => name !== '__proto__' && name !== 'toJSON');

const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(key, tie('plain'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(tie('plain'), { maxLength: 3 }).map((values) => new Set(values)),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('plain')), { maxLength: 3 })
      .map((pairs) => new Map(pairs)),
  ),
}));

describe('the default serializer', () => {
  test('gives plain data back as it was', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(defaultSerializer.decode(Buffer.from(defaultSerializer.encode(value)))).toStrictEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  test('writes the same value into a frame, or says that it does not fit', () => {
    fc.assert(
      fc.property(plain, fc.nat({ max: 200 }), (value, offset) => {
        const target = Buffer.alloc(300);
        const end = defaultSerializer.encodeInto?.(value, target, offset) ?? -1;
        fc.pre(end >= 0);

        expect(defaultSerializer.decode(target.subarray(offset, end))).toStrictEqual(value);
      }),
    );
    expect(defaultSerializer.encodeInto?.('x'.repeat(100), Buffer.alloc(50), 0)).toBe(-1);
  });

  class Patient {
    readonly id = 'planted-name';
  }
  test.each([
    ['a function', () => undefined],
    ['a function inside', { deep: [() => undefined] }],
    ['an object of class Patient', new Patient()],
    ['an object of class Patient inside', { deep: new Map([[1, new Patient()]]) }],
    ['an object of class Promise', Promise.resolve()],
    ['an object of class RegExp', /x/],
    ['an object of class Error', new Error('planted-name')],
  ])('refuses %s, without quoting it', (_, value) => {
    expect(() => defaultSerializer.encode(value)).toThrow('plain data only');
    expect(() => defaultSerializer.encode(value)).not.toThrow('planted-name');
    expect(defaultSerializer.decode(Buffer.from(defaultSerializer.encode({ after: 1 })))).toStrictEqual({ after: 1 });
  });
});
