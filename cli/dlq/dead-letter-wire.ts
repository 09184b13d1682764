// A dead letter as a line of a file sink: `{"topic":…,"key":…,"headers":{…},"encoding":"base64","value":"…"}` (connectors/file).
import { Buffer } from 'node:buffer';
import type { DeadLetter } from './dead-letter.ts';

export type ParsedLetter =
  | { readonly kind: 'letter'; readonly letter: DeadLetter }
  /** A sentence without content of the line. */
  | { readonly kind: 'no-letter'; readonly problem: string };

export function parseDeadLetterLine(line: string, place: string): ParsedLetter {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { kind: 'no-letter', problem: 'it is no JSON' };
  }
  if (!isRecord(json) || typeof json['topic'] !== 'string' || !isRecord(json['headers'])) {
    return { kind: 'no-letter', problem: 'it is no record of a file sink' };
  }
  const value = parseValue(json['value'], json['encoding']);
  if (value === undefined) {
    return { kind: 'no-letter', problem: 'its value has no known encoding' };
  }
  const key = typeof json['key'] === 'string' ? json['key'] : undefined;
  return {
    kind: 'letter',
    letter: { place, topic: json['topic'], key, headers: parseHeaders(json['headers']), value },
  };
}

/** Without an encoding a value is base64: dead letters are bytes. */
function parseValue(value: unknown, encoding: unknown): Buffer | undefined {
  switch (encoding) {
    case 'json':
      return Buffer.from(JSON.stringify(value));
    case 'utf8':
      return typeof value === 'string' ? Buffer.from(value, 'utf8') : undefined;
    case 'base64':
    case undefined:
      return typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
    default:
      return undefined;
  }
}

function parseHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const parsed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') {
      parsed[name] = value;
    } else if (isRecord(value) && typeof value['base64'] === 'string') {
      parsed[name] = Buffer.from(value['base64'], 'base64').toString('latin1');
    }
  }
  return parsed;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
