import { daysFromCivil, daysInMonth } from './civil-date.ts';
import { offsetMinutesAt } from './zone.ts';

export type TimestampPrecision = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction';

export interface Timestamp {
  readonly kind: 'timestamp';
  /** Milliseconds since 1970-01-01T00:00Z of the first instant that the text can mean. */
  readonly epochMs: number;
  readonly precision: TimestampPrecision;
  /** The offset written in the text; absent when the sender's zone was applied. */
  readonly offsetMinutes?: number;
  /** The text is readable but not HL7's DTM: the value may be used, the sender should be told. */
  readonly outOfSpec?: 'iso-8601';
}

export interface BadTimestamp {
  readonly kind: 'bad-timestamp';
  /** What is wrong, without the text itself. */
  readonly sentence: string;
}

/**
 * Reads a DTM, TS or DT: `YYYY[MM[DD[HH[MM[SS[.S…]]]]]][+/-ZZZZ]` (HL7 v2 chapter 2A, DTM). More than four fraction
 * digits and ISO 8601's extended form are read too, since senders use them. `zone` (IANA name or fixed offset) holds
 * where the text has no offset: the sender's zone, never the server's; UTC when it is not given.
 */
export function parseTimestamp(text: string, zone = 'UTC'): Timestamp | BadTimestamp {
  if (text !== lastText || zone !== lastZone) {
    lastResult = readTimestamp(text, zone);
    lastText = text;
    lastZone = zone;
  }
  return lastResult;
}

/** One message says the same time over and over (sent, recorded, observed): the last answer is kept. */
let lastText = '';
let lastZone = '';
let lastResult: Timestamp | BadTimestamp = { kind: 'bad-timestamp', sentence: 'it is empty' };

function readTimestamp(text: string, zone: string): Timestamp | BadTimestamp {
  const length = text.length;
  const digits = countDigits(text, 0);
  if (digits === 4 && text.charCodeAt(4) === 0x2d) {
    return parseIsoTimestamp(text, zone);
  }
  if (digits < 4 || digits > 14 || digits % 2 === 1) {
    return bad('it does not start with 4 to 14 digits in pairs');
  }
  let at = digits;
  let millisecond = 0;
  let hasFraction = false;
  if (text.charCodeAt(at) === 0x2e) {
    const count = countDigits(text, at + 1);
    if (digits !== 14 || count === 0) {
      return bad('a fraction must follow whole seconds');
    }
    millisecond = Number(
      text
        .slice(at + 1, at + 4)
        .slice(0, count)
        .padEnd(3, '0'),
    );
    hasFraction = true;
    at += 1 + count;
  }
  const offset = at === length ? undefined : offsetAt(text, at);
  if (at !== length && offset === undefined) {
    return bad('what follows the digits is no offset +HHMM or -HHMM');
  }
  const month = digits >= 6 ? number2(text, 4) : 1;
  const day = digits >= 8 ? number2(text, 6) : 1;
  const hour = digits >= 10 ? number2(text, 8) : 0;
  const minute = digits >= 12 ? number2(text, 10) : 0;
  const second = digits >= 14 ? number2(text, 12) : 0;
  const year = number2(text, 0) * 100 + number2(text, 2);
  if (!isCivil(year, month, day) || hour > 23 || minute > 59 || second > 59) {
    return bad('there is no such date or time of day');
  }
  const localMs = ((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + millisecond;
  return placed(localMs, hasFraction ? 'fraction' : precisionOf(digits), offset, zone);
}

function placed(
  localMs: number,
  precision: TimestampPrecision,
  offset: number | undefined,
  zone: string,
): Timestamp | BadTimestamp {
  if (offset !== undefined) {
    return { kind: 'timestamp', epochMs: localMs - offset * 60_000, precision, offsetMinutes: offset };
  }
  const zoneOffset = zone === 'UTC' ? 0 : offsetMinutesAt(zone, localMs);
  if (zoneOffset === undefined) {
    return bad('the time zone configured for its sender is unknown');
  }
  return { kind: 'timestamp', epochMs: localMs - zoneOffset * 60_000, precision };
}

const ISO =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?)?(Z|[+-]\d{2}:?\d{2})?$/;

function parseIsoTimestamp(text: string, zone: string): Timestamp | BadTimestamp {
  const match = ISO.exec(text);
  if (match === null) {
    return bad('it is neither HL7 DTM nor ISO 8601');
  }
  const [, year, month, day = '', hour = '', minute = '', second = '', fraction, offset = ''] = match;
  const zoneText = offset === 'Z' ? '+0000' : offset.replace(':', '');
  const dot = fraction === undefined ? '' : `.${fraction}`;
  const read = parseTimestamp(`${year ?? ''}${month ?? ''}${day}${hour}${minute}${second}${dot}${zoneText}`, zone);
  return read.kind === 'timestamp' ? { ...read, outOfSpec: 'iso-8601' } : read;
}

function precisionOf(digits: number): TimestampPrecision {
  switch (digits) {
    case 4:
      return 'year';
    case 6:
      return 'month';
    case 8:
      return 'day';
    case 10:
      return 'hour';
    case 12:
      return 'minute';
    default:
      return 'second';
  }
}

function isCivil(year: number, month: number, day: number): boolean {
  return year > 0 && day >= 1 && day <= daysInMonth(year, month);
}

/** The largest offset in use is +14:00; a larger one is a slip of the pen. */
const OFFSET_MINUTES_MAX = 14 * 60;

function offsetAt(text: string, at: number): number | undefined {
  const sign = text.charCodeAt(at);
  if ((sign !== 0x2b && sign !== 0x2d) || text.length !== at + 5 || countDigits(text, at + 1) !== 4) {
    return undefined;
  }
  const minutes = number2(text, at + 1) * 60 + number2(text, at + 3);
  if (number2(text, at + 3) > 59 || minutes > OFFSET_MINUTES_MAX) {
    return undefined;
  }
  return sign === 0x2d ? 0 - minutes : minutes;
}

function countDigits(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) {
    at += 1;
  }
  return at - from;
}

function number2(text: string, at: number): number {
  return (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30;
}

function bad(why: string): BadTimestamp {
  return { kind: 'bad-timestamp', sentence: `This is no timestamp: ${why}.` };
}
