import { Buffer } from 'node:buffer';
import type { Hl7Message } from './hl7-message.ts';
import { parseMessage } from './parse-message.ts';

/** For tests: the message of these segments, or an error that says why they are none. */
export function messageOf(...segments: readonly string[]): Hl7Message {
  const result = parseMessage(Buffer.from(segments.join('\r') + '\r'));
  if (result.kind === 'malformed') {
    throw new Error(result.problem.sentence);
  }
  return result.message;
}
