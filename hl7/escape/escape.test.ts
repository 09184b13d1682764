import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STANDARD_DELIMITERS } from '../message/delimiters.ts';
import { escapeText } from './escape-text.ts';
import { findBadEscape } from './find-bad-escape.ts';
import { unescape } from './unescape.ts';

const TRUNCATING = { ...STANDARD_DELIMITERS, truncation: 0x23 };

test('escape then unescape is the identity, and leaves no delimiter', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from('|^~\\&#ab.\r\n\v\x1cXFé漢😀')), maxLength: 40 }),
      (value) => {
        const escaped = escapeText(value, TRUNCATING);

        expect(unescape(escaped, TRUNCATING)).toBe(value);
        expect(Array.from('|^~&#\r\n\v\x1c').filter((delimiter) => escaped.includes(delimiter))).toStrictEqual([]);
        const bytes = Buffer.from(escaped);
        expect(findBadEscape(bytes, TRUNCATING, 0, bytes.length)).toBe(-1);
      },
    ),
  );
});

test('unescape loses nothing of text that was never escaped', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('\\', ' ', 'q', '.', '9') }), (text) => {
      expect(unescape(text, STANDARD_DELIMITERS)).toBe(text);
    }),
  );
});

test.each([
  ['a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f', 'a|b^c&d~e\\f'],
  ['hex \\X41\\\\X0D0A\\ end', 'hex A\r\n end'],
  ['lone \\ backslash and \\Q\\ unknown', 'lone \\ backslash and \\Q\\ unknown'],
  ['50\\ units \\T\\ more', '50\\ units & more'],
  ['\\\\SRV\\SHARE\\x.pdf', '\\\\SRV\\SHARE\\x.pdf'],
  ['\\E\\F\\E\\', '\\F\\'],
  ['\\P\\', '\\P\\'],
  ['\\XFF\\', '\\XFF\\'],
  ['\\X4\\', '\\X4\\'],
  ['\\C2842\\\\M240B4A\\\\Zx\\', '\\C2842\\\\M240B4A\\\\Zx\\'],
  ['\\H\\bold\\N\\\\.br\\', '\\H\\bold\\N\\\\.br\\'],
])('%j decodes to %j', (text, plain) => {
  expect(unescape(text, STANDARD_DELIMITERS)).toBe(plain);
});

test('formatting is rendered on request', () => {
  expect(
    unescape('a\\.br\\b\\.sp2\\c\\.in+3\\d\\H\\e\\N\\\\.fi\\', STANDARD_DELIMITERS, { formatting: 'render' }),
  ).toBe('a\nb\n\nc   de');
});

test('hex is decoded by the function given, and stays where it is no text', () => {
  const decodeHex = (digits: string): string | undefined => (digits === 'C3A9' ? 'é' : undefined);

  expect(unescape('\\XC3A9\\\\XC3\\', STANDARD_DELIMITERS, { decodeHex })).toBe('é\\XC3\\');
});

test('a megabyte of escape characters takes no quadratic time', () => {
  expect(unescape('\\'.repeat(1_000_000), STANDARD_DELIMITERS)).toHaveLength(1_000_000);
});
