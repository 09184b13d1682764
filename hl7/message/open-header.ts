import { ASCII } from '../charset/unicode-charset.ts';
import { parseDelimiters } from './delimiters.ts';
import { findByte } from './find-byte.ts';
import { Hl7Message } from './hl7-message.ts';

const CR = 0x0d;
const LF = 0x0a;

/**
 * The MSH of bytes that may be no valid message, as a message of that one segment; undefined when there is none or its
 * delimiters cannot be made out. Whoever must answer or file a malformed message reads its header with this.
 */
export function openHeader(bytes: Uint8Array): Hl7Message | undefined {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = input.indexOf('MSH', 0, 'latin1');
  // More than a little before MSH means that it is a line of something else.
  if (start < 0 || start > PREFIX_MAX) {
    return undefined;
  }
  const end = findByte(input, LF, start, findByte(input, CR, start, input.length));
  const delimiters = parseDelimiters(input, start, end);
  if (delimiters === undefined) {
    return undefined;
  }
  return new Hl7Message({
    bytes: input,
    source: input,
    scan: input,
    text: undefined,
    isLatin1: false,
    delimiters,
    segments: [start, end],
    charset: ASCII,
    hasEscapes: true,
    formatting: 'keep',
  });
}

/** A byte order mark, a start block, a few blank lines. */
const PREFIX_MAX = 64;
