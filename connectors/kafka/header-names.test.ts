import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeaderNames } from './header-names.ts';

test('every name is given as it is written, also where two look alike to the memory', () => {
  const names = new HeaderNames();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 20 }), (texts) => {
      for (const text of [...texts, 'abXc', 'abYc', 'abXc']) {
        const bytes = Buffer.from(`..${text}..`);
        const found = names.nameAt(bytes, 2, bytes.length - 4);

        expect(found).toBe(text);
      }
    }),
  );
});

test('a name that would replace an object’s prototype is told apart', () => {
  const name = new HeaderNames().nameAt(Buffer.from('__proto__'), 0, 9);
  const headers: Record<string, string> = {};
  headers[name] = 'x';

  expect(Object.keys(headers)).toHaveLength(1);
});

test('more names than it remembers are still right', () => {
  const names = new HeaderNames();
  for (let round = 0; round < 2; round += 1) {
    for (let i = 0; i < 2_000; i += 1) {
      const bytes = Buffer.from(`name-${i}`);

      expect(names.nameAt(bytes, 0, bytes.length)).toBe(`name-${i}`);
    }
  }
});
