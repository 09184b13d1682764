import { isUtf8 } from 'node:buffer';
import type { HeaderValue, OutputRecord } from '../../shared/connector/records.ts';
import type { ValueEncoding } from './sink-spec.ts';

const LF = 0x0a;
const CR = 0x0d;

/** The record's line without its value: `{"topic":…,"key":…,"headers":{…},"encoding":…,"value":`. */
export function formatLineHead(record: OutputRecord, encoding: ValueEncoding): string {
  const key = record.key === undefined ? 'null' : JSON.stringify(record.key);
  const timestamp = record.timestampMs === undefined ? '' : `,"timestampMs":${record.timestampMs}`;
  const topic = JSON.stringify(record.topic);
  return `{"topic":${topic},"key":${key}${timestamp},"headers":${formatHeaders(record.headers)},"encoding":"${encoding}","value":`;
}

/** The value as it stands in the line: JSON on one line. */
export function formatValue(value: Buffer, encoding: ValueEncoding): string | Buffer {
  switch (encoding) {
    case 'json':
      return value.includes(LF) || value.includes(CR) ? JSON.stringify(JSON.parse(value.toString('utf8'))) : value;
    case 'utf8':
      return JSON.stringify(value.toString('utf8'));
    case 'base64':
      return `"${value.toString('base64')}"`;
  }
}

/** What the value looks like: JSON text, other text, or bytes. */
export function detectEncoding(value: Buffer): ValueEncoding {
  if (!isUtf8(value)) {
    return 'base64';
  }
  try {
    JSON.parse(value.toString('utf8'));
    return 'json';
  } catch {
    return 'utf8';
  }
}

function formatHeaders(headers: Readonly<Record<string, HeaderValue>>): string {
  let text = '{';
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) {
      text += `${text.length > 1 ? ',' : ''}${JSON.stringify(name)}:${formatHeader(value)}`;
    }
  }
  return `${text}}`;
}

/** Bytes that are no text stand as `{"base64":"…"}`. */
function formatHeader(value: HeaderValue): string {
  if (typeof value === 'string') {
    return JSON.stringify(value);
  }
  return isUtf8(value) ? JSON.stringify(value.toString('utf8')) : `{"base64":"${value.toString('base64')}"}`;
}
