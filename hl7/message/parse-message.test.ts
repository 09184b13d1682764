import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MSH, parsed, problemOf, warningsOf } from './message-testing.ts';
import { parseMessage } from './parse-message.ts';

describe('what is refused', () => {
  test.each([
    ['', 'E_EMPTY'],
    [' \r\n\x0b\x1c\r', 'E_EMPTY'],
    ['{"resourceType":"Patient"}', 'E_NOT_HL7'],
    ['\ufeffhello', 'E_NOT_HL7'],
    ['MSH', 'E_BAD_DELIMITERS'],
    ['MSHX|^~\\&|A', 'E_BAD_DELIMITERS'],
    ['MSH|^^\\&|A', 'E_BAD_DELIMITERS'],
    ['MSH|^~&|A', 'E_BAD_DELIMITERS'],
    ['MSH|^~\\&#!|A', 'E_BAD_DELIMITERS'],
    [`${MSH}\rPIDX|1`, 'E_BAD_SEGMENT'],
    [`${MSH}\rPV|1`, 'E_BAD_SEGMENT'],
    [`${MSH}\rsecond line of a note`, 'E_BAD_SEGMENT'],
    ['MSH|^~\\&|A|B|C|D|2026|||1|P|2.5', 'E_NO_MESSAGE_TYPE'],
    [`${MSH}\r${MSH}`, 'E_BATCH'],
    [`${MSH}\rBTS|1`, 'E_BATCH'],
    ['FHS|^~\\&|A\rBHS|^~\\&', 'E_BATCH'],
  ])('%j is %s', (text, code) => {
    expect(problemOf(text)).toBe(code);
  });

  test('a message above the limit is refused before anything is read', () => {
    expect(problemOf(`${MSH}\rPID|1`, { bytesMax: 20 })).toBe('E_TOO_LARGE');
  });

  test('a problem names the byte where it stands and never the content', () => {
    const result = parseMessage(Buffer.from(`${MSH}\rNOVAK JANA`));

    expect(result).toMatchObject({ kind: 'malformed', problem: { position: MSH.length + 1, stage: 'parse' } });
    expect(JSON.stringify(result)).not.toContain('NOVAK');
  });
});

describe('what passes', () => {
  test('byte order mark, framing and white space around the payload do not matter', () => {
    expect(parsed(`\ufeff\x0b \r\n${MSH}\rPID|1\r\x1c\r\n`).segmentCount).toBe(2);
  });

  test.each(['\r', '\n', '\r\n'])('segments may end in %j', (end) => {
    expect(parsed([MSH, 'PID|1', 'PV1|1', ''].join(end)).segmentCount).toBe(3);
  });

  test('terminators may be mixed', () => {
    const message = parsed(`${MSH}\r\nEVN|A01\rPID|1||P1\nPV1|1|I`);

    expect(message.segmentCount).toBe(4);
    expect(message.get('PID-3')).toBe('P1');
  });

  test('where CR ends the segments a lone LF is data, unless a segment name and separator follow', () => {
    const message = parsed(`${MSH}\rOBX|1|FT|N||first\nsecond\n\nthird\nOBX|2|FT|N||x\rNTE|1`);

    expect(message.get('OBX(1)-5')).toBe('first\nsecond\n\nthird');
    expect(message.get('OBX(2)-5')).toBe('x');
    expect(message.segmentCount).toBe(4);
  });

  test('unknown and Z segments stay where they stand', () => {
    const message = parsed(`${MSH}\rZPI|a\rPID|1\rXYZ|b`);

    expect([0, 1, 2, 3].map((segment) => message.segmentName(segment))).toStrictEqual(['MSH', 'ZPI', 'PID', 'XYZ']);
  });

  test('a bare segment name is a segment without fields', () => {
    const message = parsed(`${MSH}\rPV1`);

    expect(message.fieldCount(1)).toBe(0);
    expect(message.presence(1, 1)).toBe('absent');
  });
});

describe('what passes with a warning', () => {
  test.each([
    [`${MSH}\r  PID|1`, 'W_LEADING_WHITESPACE'],
    [`${MSH}\rpid|1`, 'W_SEGMENT_CASE'],
    [`${MSH}\r|||\rPID|1`, 'W_BLANK_SEGMENT'],
    [MSH.replace('|2.5.1', '|'), 'W_NO_VERSION'],
    [MSH.replace('2.5.1', '9.9'), 'W_UNKNOWN_VERSION'],
    [MSH.replace('ADT^A01^ADT_A01', 'ADT'), 'W_NO_TRIGGER'],
    [MSH.replace('20260301080000', '20260230'), 'W_BAD_DTM_MSH7'],
    [MSH.replace('20260301080000', '2026-03-01T08:00:00'), 'W_BAD_DTM_MSH7'],
    [`${MSH}\rOBX|1|DTM|N||20260230`, 'W_BAD_DTM'],
    [`${MSH}\rNTE|1||a \\ b`, 'W_BAD_ESCAPE'],
    [`${MSH}\rNTE|1||a \\Q\\ b`, 'W_BAD_ESCAPE'],
    [`${MSH}||||||ISO IR 999`, 'W_UNKNOWN_CHARSET'],
    [`${MSH}||||||ASCII\rPID|1||P||Ü`, 'W_CHARSET_MISMATCH'],
  ])('%j: %s', (text, code) => {
    expect(warningsOf(text)).toStrictEqual([code]);
  });

  test.each([
    MSH,
    MSH.replace('ADT^A01^ADT_A01', 'ACK'),
    MSH.replace('|20260301080000|', '||'),
    `${MSH}\rNTE|1||\\F\\\\S\\\\T\\\\R\\\\E\\\\X0D0A\\\\.br\\\\.sp+2\\\\H\\\\N\\\\Zab\\\\C2842\\`,
  ])('%j: nothing', (text) => {
    expect(warningsOf(text)).toStrictEqual([]);
  });

  test('a code is reported once, at its first place', () => {
    const result = parseMessage(Buffer.from(`${MSH}\rpid|1\rpv1|1`));

    expect(result.warnings).toMatchObject([{ code: 'W_SEGMENT_CASE', position: MSH.length + 1 }]);
  });
});

test('parse then serialise is the identity, and nothing is copied', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('PID|1', 'ZZ1|a^b', '', ' ', '|||', 'OBX|1|ST||é')),
      fc.constantFrom('\r', '\n', '\r\n'),
      (lines, end) => {
        const bytes = Buffer.from([MSH, ...lines].join(end));
        const result = parseMessage(bytes);

        expect(result.kind === 'parsed' && result.message.bytes === bytes).toBe(true);
      },
    ),
  );
});

test('any bytes give an answer, never an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, hasHeader) => {
      const result = parseMessage(hasHeader ? Buffer.concat([Buffer.from(`${MSH}\r`), noise]) : noise);

      expect(['parsed', 'malformed']).toContain(result.kind);
    }),
    { numRuns: 500 },
  );
});

test('a view into a larger buffer is parsed as itself', () => {
  const outer = new Uint8Array(Buffer.from(`xx${MSH}\rPID|1||7yy`));
  const result = parseMessage(outer.subarray(2, outer.length - 2));

  expect(result.kind === 'parsed' && result.message.get('PID-3')).toBe('7');
});
