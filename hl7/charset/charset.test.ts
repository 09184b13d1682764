import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MSH, parsed, problemOf, warningsOf } from '../message/message-testing.ts';
import { charsetOf } from './charset-table.ts';
import type { Charset } from './charset.ts';
import { iso2022Charset } from './iso2022-charset.ts';
import { ASCII } from './unicode-charset.ts';

const NAMES = [
  'ASCII',
  '8859/1',
  '8859/2',
  '8859/5',
  '8859/6',
  '8859/7',
  '8859/8',
  '8859/9',
  '8859/15',
  'UNICODE UTF-8',
  'GB 18030-2000',
  'BIG-5',
  'KS X 1001',
  'EUC-JP',
  'SHIFT_JIS',
  'WINDOWS-1250',
];
const LETTERS = Array.from('Aé|^~&\\žЖäΩשعŒ€許功蓋김민王小山田太郎ｱ表ソ丂𠀀');

describe.each(NAMES)('%s', (name) => {
  test('text that it can encode comes back, text that it cannot is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...LETTERS), maxLength: 8 }), (text) => {
        const bytes = named(name).encode(text);

        expect(bytes === undefined ? undefined : named(name).decode(bytes)).toBe(
          bytes === undefined ? undefined : text,
        );
      }),
    );
  });

  test('its own letters are found between delimiters in a message', () => {
    const letters = LETTERS.filter((letter) => /[^ -~]/.test(letter) && named(name).encode(letter) !== undefined);
    const line = Buffer.concat(
      letters.flatMap((letter) => [named(name).encode(letter) ?? Buffer.alloc(0), Buffer.from('|')]),
    );
    const message = parsed(Buffer.concat([Buffer.from(`${MSH}||||||${name}\rZZZ|`), line, Buffer.from('end\r')]));

    expect(letters.map((_, i) => message.value(1, i + 1))).toStrictEqual(letters);
    expect(message.value(1, letters.length + 1)).toBe('end');
  });
});

describe('ISO 2022', () => {
  const japanese = iso2022Charset('~ISO IR87', ASCII);

  test('text in several sets comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('aZ9山田太郎ｱ김丂')), maxLength: 8 }), (text) => {
        const bytes = japanese.encode(text);

        expect(bytes?.every((byte) => byte < 0x80)).toBe(true);
        expect(japanese.decode(bytes ?? Buffer.alloc(0))).toBe(text);
      }),
    );
  });

  test('double-byte characters may contain every delimiter', () => {
    const name = Buffer.from('\x1b$B!|!^!~!&\x1b(B', 'latin1');
    const message = parsed(Buffer.concat([Buffer.from(`${MSH}||||||~ISO IR87\rZZZ|`), name, Buffer.from('^b|c\r')]));

    expect(message.value(1, 1)).toHaveLength(4);
    expect([message.value(1, 1, 1, 2), message.value(1, 2)]).toStrictEqual(['b', 'c']);
  });

  test('a line starts in the initial set again, although the one before did not switch back', () => {
    const text = Buffer.from(`${MSH}||||||~ISO IR87\rZZZ|a\x1b$B;3\rZZY|b|c\r`, 'latin1');

    expect(parsed(text).get('ZZY-2')).toBe('c');
  });

  test('the upper half switches to ISO 8859 sets', () => {
    const text = Buffer.from(`${MSH}||||||8859/1~8859/5\rZZZ|\xe9|\x1b-L\xd6\r`, 'latin1');

    expect([parsed(text).get('ZZZ-1'), parsed(text).get('ZZZ-2')]).toStrictEqual(['é', 'ж']);
  });
});

describe('policy', () => {
  const latin1 = (msh18: string): Buffer => Buffer.from(`${MSH}||||||${msh18}\rPID|1||P||M\xdcLLER`, 'latin1');

  test('undeclared bytes are UTF-8 if they are valid, else 8859/1 with a warning', () => {
    expect(parsed(`${MSH}\rPID|1||P||MÜLLER`).get('PID-5')).toBe('MÜLLER');
    expect(warningsOf(`${MSH}\rPID|1||P||MÜLLER`)).toStrictEqual([]);
    expect(parsed(latin1('')).get('PID-5')).toBe('MÜLLER');
    expect(warningsOf(latin1(''))).toStrictEqual(['W_CHARSET_GUESSED']);
  });

  test.each([
    ['utf8', 'E_CHARSET'],
    ['latin1', 'parsed'],
    ['reject', 'E_CHARSET'],
    ['8859/2', 'parsed'],
    ['no such set', 'E_CHARSET'],
  ])('undeclared: %s gives %s', (undeclared, outcome) => {
    expect(problemOf(latin1(''), { charset: { undeclared } })).toBe(outcome);
  });

  test('bytes that the declared set cannot hold are refused, or on request read as undeclared', () => {
    expect(problemOf(latin1('UNICODE UTF-8'))).toBe('E_CHARSET');
    expect(warningsOf(latin1('UNICODE UTF-8'), { charset: { invalid: 'undeclared' } })).toStrictEqual([
      'W_CHARSET_MISMATCH',
      'W_CHARSET_GUESSED',
    ]);
    expect(problemOf(latin1('CNS 11643-1992'))).toBe('E_CHARSET');
  });

  test('C1 bytes in declared 8859/1 are windows-1252', () => {
    expect(parsed(Buffer.from(`${MSH}||||||8859/1\rPID|1||P||O\x92BRIEN \x80`, 'latin1')).get('PID-5')).toBe(
      'O’BRIEN €',
    );
  });

  test.each([
    'ISO-8859-1',
    'iso8859-1',
    'ISO_8859-1',
    'CP1252',
    'windows-1252',
    'latin1',
    'ISO IR 6',
    'utf8',
    'shift-jis',
    'iso ir 87',
  ])('%s is a known spelling', (name) => {
    expect(charsetOf(name).kind).not.toBe('unknown');
  });
});

describe('UTF-16 and UTF-32', () => {
  const text = `${MSH}||||||UNICODE UTF-16\rPID|1||P||DVOŘÁK|😀\r`;

  test.each([
    ['UTF-16 LE with a byte order mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 LE without', Buffer.from(text, 'utf16le')],
    ['UTF-16 BE', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-32 LE', utf32(`\ufeff${text}`)],
  ])('%s is read, and its bytes stay', (_, bytes) => {
    const message = parsed(bytes);

    expect([message.get('PID-5'), message.get('PID-6')]).toStrictEqual(['DVOŘÁK', '😀']);
    expect(message.bytes.equals(bytes)).toBe(true);
  });

  test('broken wide characters are refused', () => {
    expect(problemOf(Buffer.from([0xff, 0xfe, 0x00, 0xd8, 0x41, 0x00]))).toBe('E_CHARSET');
  });
});

function named(name: string): Charset {
  const declared = charsetOf(name);
  if (declared.kind !== 'charset') {
    throw new Error(`${name} is ${declared.kind}`);
  }
  return declared.charset;
}

function utf32(text: string): Buffer {
  return Buffer.concat(
    Array.from(text).map((character) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(character.codePointAt(0) ?? 0);
      return bytes;
    }),
  );
}
