import { expect, test } from 'vitest';
import fc from 'fast-check';
import { detectEncoding, formatLineHead, formatValue } from './format-line.ts';

const text = fc.string({ unit: 'grapheme' });
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

test('every record becomes one line of JSON from which all of it can be read back', () => {
  const record = fc.record({
    topic: text,
    key: fc.option(text, { nil: undefined }),
    headers: fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      text,
    ),
    value: fc.oneof(
      bytes,
      text.map((value) => Buffer.from(value)),
      fc.json().map((value) => Buffer.from(value)),
    ),
    timestampMs: fc.maxSafeNat(),
  });
  fc.assert(
    fc.property(record, (sent) => {
      const encoding = detectEncoding(sent.value);
      const line = `${formatLineHead(sent, encoding)}${formatValue(sent.value, encoding).toString()}}`;
      const read = JSON.parse(line) as Record<string, unknown>;

      expect(line).not.toMatch(/[\r\n]/);
      expect(read).toMatchObject({ topic: sent.topic, key: sent.key ?? null, timestampMs: sent.timestampMs });
      expect(read['headers']).toEqual({ ...sent.headers });
      expect(valueOf(read['value'], encoding)).toEqual(wanted(sent.value, encoding));
    }),
  );
});

function valueOf(value: unknown, encoding: string): unknown {
  return encoding === 'base64' ? Buffer.from(String(value), 'base64') : value;
}

function wanted(value: Buffer, encoding: string): unknown {
  return encoding === 'base64'
    ? value
    : encoding === 'json'
      ? (JSON.parse(value.toString()) as unknown)
      : value.toString();
}
