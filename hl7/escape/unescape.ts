import type { Delimiters } from '../message/delimiters.ts';
import type { EscapeSequence } from './escape-sequence.ts';
import { classifyEscape, hasEscapeShape } from './escape-sequence.ts';

export interface UnescapeOptions {
  /**
   * `keep` (the default) leaves `\.br\`, `\.sp2\`, `\H\` and friends as they are, since only the reader of the text
   * knows how to show them; `render` turns breaks and spaces into line feeds and blanks and drops highlighting.
   */
  readonly formatting?: 'keep' | 'render';
  /** Turns the bytes of `\X…\` into text; undefined when they are no text in the message's character set. */
  readonly decodeHex?: (digits: string) => string | undefined;
}

/**
 * Decodes escape sequences. Nothing is ever lost: unknown and malformed sequences, stray escape characters, `\C…\`,
 * `\M…\` and `\Z…\` come out exactly as they went in.
 */
export function unescape(text: string, delimiters: Delimiters, options: UnescapeOptions = {}): string {
  const escape = String.fromCharCode(delimiters.escape);
  let open = text.indexOf(escape);
  if (open < 0) {
    return text;
  }
  let out = '';
  let done = 0;
  while (open >= 0) {
    const close = text.indexOf(escape, open + 1);
    if (close < 0) {
      break;
    }
    const body = text.slice(open + 1, close);
    const sequence = classifyEscape(body);
    if (sequence.kind === 'unknown' && !hasEscapeShape(body)) {
      open = close;
      continue;
    }
    const plain = renderSequence(sequence, delimiters, options);
    if (plain !== undefined) {
      out += text.slice(done, open) + plain;
      done = close + 1;
    }
    open = text.indexOf(escape, close + 1);
  }
  return out + text.slice(done);
}

/** The plain text of a sequence, or undefined when it stays as it is. */
function renderSequence(
  sequence: EscapeSequence,
  delimiters: Delimiters,
  options: UnescapeOptions,
): string | undefined {
  switch (sequence.kind) {
    case 'delimiter':
      return delimiterText(sequence.which, delimiters);
    case 'hex':
      return (options.decodeHex ?? decodeAsciiHex)(sequence.digits);
    case 'format':
      return options.formatting === 'render' ? renderFormat(sequence.command, sequence.count) : undefined;
    case 'charset':
    case 'local':
    case 'unknown':
      return undefined;
  }
}

function delimiterText(which: 'F' | 'S' | 'T' | 'R' | 'E' | 'P', delimiters: Delimiters): string | undefined {
  switch (which) {
    case 'F':
      return String.fromCharCode(delimiters.field);
    case 'S':
      return String.fromCharCode(delimiters.component);
    case 'T':
      return String.fromCharCode(delimiters.subcomponent);
    case 'R':
      return String.fromCharCode(delimiters.repetition);
    case 'E':
      return String.fromCharCode(delimiters.escape);
    case 'P':
      return delimiters.truncation === undefined ? undefined : String.fromCharCode(delimiters.truncation);
  }
}

function renderFormat(command: string, count: number): string {
  switch (command) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(Math.max(count, 0));
    case 'sk':
    case 'in':
    case 'ti':
      return ' '.repeat(Math.max(count, 0));
    default:
      return '';
  }
}

function decodeAsciiHex(digits: string): string | undefined {
  const bytes = Buffer.from(digits, 'hex');
  return bytes.every((byte) => byte < 0x80) ? bytes.latin1Slice(0, bytes.length) : undefined;
}
