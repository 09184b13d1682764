import type { Delimiters } from '../message/delimiters.ts';
import { findByte } from '../message/find-byte.ts';
import { classifyEscape } from './escape-sequence.ts';

/**
 * The offset of the first escape character in `[from, to)` that opens no sequence HL7 knows, or -1. A sequence cannot
 * reach over the end of its segment (CR or LF) or over a delimiter.
 */
export function findBadEscape(bytes: Buffer, delimiters: Delimiters, from: number, to: number): number {
  const escape = delimiters.escape;
  let open = findByte(bytes, escape, from, to);
  while (open < to) {
    const close = endOfSequence(bytes, delimiters, open + 1, to);
    if (close < 0) {
      return open;
    }
    if (classifyEscape(bytes.latin1Slice(open + 1, close)).kind === 'unknown') {
      return open;
    }
    open = findByte(bytes, escape, close + 1, to);
  }
  return -1;
}

function endOfSequence(bytes: Buffer, delimiters: Delimiters, from: number, to: number): number {
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte === delimiters.escape) {
      return i;
    }
    if (byte === 0x0d || byte === 0x0a || isSeparator(byte, delimiters)) {
      return -1;
    }
  }
  return -1;
}

function isSeparator(byte: number, delimiters: Delimiters): boolean {
  return (
    byte === delimiters.field ||
    byte === delimiters.component ||
    byte === delimiters.repetition ||
    byte === delimiters.subcomponent
  );
}
