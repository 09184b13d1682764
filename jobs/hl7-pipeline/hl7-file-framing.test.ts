import { expect, test } from 'vitest';
import { hl7FileFraming } from './hl7-file-framing.ts';

const MEBIBYTE = 1024 * 1024;

test('a small file is one record, whatever stands in it', () => {
  const bytes = Buffer.from('FHS|^~\\&\rMSH|1\rMSH|2\r');

  expect(hl7FileFraming.recordEnd(bytes, 0, true)).toBe(bytes.length);
});

test('a large file is cut before a line that begins with MSH', () => {
  const messages = 'MSH|x|MSH inside a line\rPID|1\r'.repeat(60_000);
  const bytes = Buffer.from(messages);

  const end = hl7FileFraming.recordEnd(bytes, 0, true) ?? 0;

  expect(end).toBeGreaterThan(MEBIBYTE);
  expect(end).toBeLessThan(MEBIBYTE + 100);
  expect(bytes.toString('latin1', end, end + 5)).toBe('MSH|x');
});

test('an MLLP file is cut before a start block only, so that a batch in a frame stays whole', () => {
  const frame = `\u000bBHS|1\r${'MSH|x\r'.repeat(100)}BTS|1\r\u001c\r`;
  const bytes = Buffer.from(frame.repeat(4_000));

  const end = hl7FileFraming.recordEnd(bytes, 0, true) ?? 0;

  expect(end % frame.length).toBe(0);
  expect(end).toBeGreaterThan(MEBIBYTE);
});

test('a large file without any message start has no end before its last byte', () => {
  expect(hl7FileFraming.recordEnd(Buffer.alloc(2 * MEBIBYTE, 'x'), 0, false)).toBeUndefined();
});
