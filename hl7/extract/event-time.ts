import type { Hl7Message } from '../message/hl7-message.ts';
import { parseTimestamp } from '../timestamp/parse-timestamp.ts';

export type EventTime =
  { readonly kind: 'time'; readonly epochMs: number } | { readonly kind: 'missing' } | { readonly kind: 'unreadable' };

/**
 * When the sender says the message was made: MSH-7, in the sender's zone where it has no offset. Less than a day's precision is
 * no event time: a year alone would drag every watermark back to January.
 */
export function eventTime(message: Hl7Message, zone?: string): EventTime {
  const text = message.value(0, 7);
  if (text === undefined) {
    return { kind: 'missing' };
  }
  const read = parseTimestamp(text, zone);
  if (read.kind === 'bad-timestamp' || read.precision === 'year' || read.precision === 'month') {
    return { kind: 'unreadable' };
  }
  return { kind: 'time', epochMs: read.epochMs };
}
