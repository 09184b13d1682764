import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageOf } from '../message/parsed-message-testing.ts';
import { classifyResend, contentHash, fingerprintOf } from './classify-resend.ts';

test('the same bytes of the same sender are a resend, and the policy decides', () => {
  const first = fingerprint('A|STJ', '1', 'DOE');
  const again = fingerprint('A|STJ', '1', 'DOE');

  expect(classifyResend([], first, 'drop')).toStrictEqual({ kind: 'first' });
  expect(again.identity).toBe(first.identity);
  expect(classifyResend([first.contentHash], again, 'drop')).toStrictEqual({ kind: 'resend', action: 'drop' });
  expect(classifyResend([first.contentHash], again, 'dead-letter')).toMatchObject({ action: 'dead-letter' });
});

test('the same control id with other content is a collision, never a resend', () => {
  const first = fingerprint('A|STJ', '1', 'DOE');
  const other = fingerprint('A|STJ', '1', 'ROE');

  expect(classifyResend([first.contentHash], other, 'drop')).toStrictEqual({ kind: 'collision' });
  expect(classifyResend([first.contentHash, other.contentHash], other, 'drop')).toMatchObject({ kind: 'resend' });
});

test('the same control id of another sender is another message', () => {
  expect(fingerprint('A|STJ', '1', 'DOE').identity).not.toBe(fingerprint('B|STJ', '1', 'DOE').identity);
  expect(fingerprint('A|B', '1', 'DOE').identity).not.toBe(fingerprint('A\\F\\B|', '1', 'DOE').identity);
});

test('a message without a control id cannot be told from its resend', () => {
  expect(fingerprintOf(messageOf('MSH|^~\\&|A|B|C|D|20260301||ADT^A08||P|2.5'))).toBeUndefined();
});

test('different bytes have different hashes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      expect(contentHash(a) === contentHash(b)).toBe(Buffer.compare(a, b) === 0);
    }),
  );
});

function fingerprint(sender: string, controlId: string, name: string): { identity: string; contentHash: string } {
  const found = fingerprintOf(
    messageOf(`MSH|^~\\&|${sender}|H|S|20260301||ADT^A08|${controlId}|P|2.5`, `PID|1||7||${name}`),
  );
  if (found === undefined) {
    throw new Error('There is a control id.');
  }
  return found;
}
