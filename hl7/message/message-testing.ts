import type { Hl7Message } from './hl7-message.ts';
import { parseMessage, type ParseOptions } from './parse-message.ts';
import type { ProblemCode, WarningCode } from './problem.ts';

/** Parses text given with `\n` or `\r` as it is (UTF-8), and fails the test when it is malformed. */
export function parsed(text: string | Buffer, options: ParseOptions = {}): Hl7Message {
  const result = parseMessage(Buffer.from(text as string), options);
  if (result.kind === 'malformed') {
    throw new Error(`malformed: ${result.problem.code} ${result.problem.sentence}`);
  }
  return result.message;
}

export function problemOf(text: string | Buffer, options: ParseOptions = {}): ProblemCode | 'parsed' {
  const result = parseMessage(Buffer.from(text as string), options);
  return result.kind === 'malformed' ? result.problem.code : 'parsed';
}

export function warningsOf(text: string | Buffer, options: ParseOptions = {}): readonly WarningCode[] {
  return parseMessage(Buffer.from(text as string), options).warnings.map((warning) => warning.code);
}

/** A header that warns of nothing. */
export const MSH = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301080000||ADT^A01^ADT_A01|C1|P|2.5.1';
