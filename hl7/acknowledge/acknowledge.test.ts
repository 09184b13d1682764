import { describe, expect, test } from 'vitest';
import { parsed } from '../message/message-testing.ts';
import { acknowledge, type AcknowledgeOptions } from './acknowledge.ts';
import { chooseAcknowledgements } from './choose-acknowledgements.ts';

const SENT = Date.UTC(2026, 2, 1, 9, 0, 0);
const ACCEPTED: AcknowledgeOptions = { code: 'AA', controlId: 'K1', sentMs: SENT };
const MSH = 'MSH|^~\\&|REG|STJ|HUB|GEN|20260301080000||ADT^A01^ADT_A01|C1|T|2.5.1';

test('sender and receiver change places and MSA-2 is the control id', () => {
  expect(ack(`${MSH}\rPID|1`, ACCEPTED)).toBe(
    'MSH|^~\\&|HUB|GEN|REG|STJ|20260301090000+0000||ACK^A01^ACK|K1|T|2.5.1\rMSA|AA|C1\r',
  );
});

test('the sender’s own delimiters and character set are used', () => {
  const bytes = Buffer.from('MSH$%~!@$RÉG$STJ$HUB$STJ$2026$$ADT%A01$C$P$2.3$$$$$$8859/1\r', 'latin1');

  expect(ack(bytes, { ...ACCEPTED, text: 'a$b' })).toBe(
    'MSH$%~!@$HUB$STJ$RÉG$STJ$20260301090000+0000$$ACK%A01$K1$P$2.3$$$$$$8859/1\rMSA$AA$C$a!F!b\r',
  );
});

test('errors become ERR segments of the version', () => {
  const errors = [{ code: 101, segment: 'PID', field: 3, text: 'PID-3 is missing' }];

  expect(ack(MSH, { ...ACCEPTED, code: 'AE', errors })).toContain(
    '\rERR||PID^1^3|101^^HL70357|E||||PID-3 is missing\r',
  );
  expect(ack(MSH.replace('2.5.1', '2.3'), { ...ACCEPTED, code: 'AE', errors })).toContain(
    '\rERR|PID^1^3^101&PID-3 is missing&HL70357\r',
  );
});

test('malformed bytes are answered as far as their MSH can be read', () => {
  expect(ack(Buffer.from(`\x0b${MSH}\rno segment`), { ...ACCEPTED, code: 'AR' })).toContain('MSA|AR|C1\r');
  expect(acknowledge(Buffer.from('MSH|^^^^|'), ACCEPTED).kind).toBe('unanswerable');
  expect(acknowledge(Buffer.from('{"a":1}'), ACCEPTED).kind).toBe('unanswerable');
});

test('nothing of the header can break the frame of its acknowledgement', () => {
  expect(ack(Buffer.from(MSH.replace('|C1|', '|C\x0b\x1c1|')), ACCEPTED)).toContain('MSA|AA|C1\r');
});

describe('MSH-15 and MSH-16', () => {
  test('without them the mode is original: always one application acknowledgement', () => {
    expect(chooseAcknowledgements(parsed(MSH), 'error')).toStrictEqual({
      mode: 'original',
      accept: undefined,
      application: 'AE',
    });
  });

  test.each([
    ['AL', 'NE', 'accepted', 'CA', undefined],
    ['NE', 'AL', 'rejected', undefined, 'AR'],
    ['ER', 'ER', 'accepted', undefined, undefined],
    ['ER', 'ER', 'error', 'CE', 'AE'],
    ['SU', 'SU', 'accepted', 'CA', 'AA'],
    ['SU', 'SU', 'rejected', undefined, undefined],
    ['', 'AL', 'accepted', undefined, 'AA'],
    ['AL', '', 'rejected', 'CR', undefined],
  ] as const)('%s and %s on %s: %s and %s', (accept, application, outcome, acceptDue, applicationDue) => {
    const due = chooseAcknowledgements(parsed(`${MSH}|||${accept}|${application}`), outcome);

    expect(due).toStrictEqual({ mode: 'enhanced', accept: acceptDue, application: applicationDue });
  });
});

function ack(message: string | Buffer, options: AcknowledgeOptions): string {
  const answer = acknowledge(
    Buffer.isBuffer(message) && message.includes('$%~') ? parsed(message) : Buffer.from(message as string),
    options,
  );
  return answer.kind === 'acknowledgement' ? answer.bytes.toString('latin1') : answer.sentence;
}
