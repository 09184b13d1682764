import { isAscii } from 'node:buffer';
import { type CharsetPolicy, type ChosenCharset, chooseCharset } from '../charset/choose-charset.ts';
import { ASCII } from '../charset/unicode-charset.ts';
import { transcodeWideUnicode } from '../charset/transcode-utf16.ts';
import { findBadEscape } from '../escape/find-bad-escape.ts';
import { type Delimiters, parseDelimiters } from './delimiters.ts';
import { checkHeader, checkObservationTimes } from './header-checks.ts';
import { Hl7Message } from './hl7-message.ts';
import type { Hl7Problem, Hl7Warning, ProblemCode } from './problem.ts';
import { addWarning, indexSegments, isBlank, isEnvelopeName } from './segment-index.ts';

export interface ParseOptions {
  readonly charset?: CharsetPolicy;
  /** Whether `\.br\` and friends are kept in values (the default) or rendered as line feeds and blanks. */
  readonly formatting?: 'keep' | 'render';
  /** Larger messages are refused with E_TOO_LARGE. */
  readonly bytesMax?: number;
}

export type ParseResult =
  | { readonly kind: 'parsed'; readonly message: Hl7Message; readonly warnings: readonly Hl7Warning[] }
  | { readonly kind: 'malformed'; readonly problem: Hl7Problem; readonly warnings: readonly Hl7Warning[] };

/** The pipeline's message limit: larger payloads are documents that belong in an archive, not on a message bus. */
export const MESSAGE_BYTES_MAX = 20 * 1024 * 1024;

/** Up to here values are cut from one string made at once; above, a second copy of the message costs too much. */
const TEXT_BYTES_MAX = 64 * 1024;

/**
 * Parses one HL7 v2 message in ER7 encoding. Never throws on input, copies nothing of it, and accepts what hospitals
 * send: a byte order mark, MLLP framing and white space around the payload, any mix of CR, LF and CRLF, unknown
 * segments, lower-case segment names, blank lines. What passes with a remark is in `warnings`, one per code.
 */
export function parseMessage(bytes: Uint8Array, options: ParseOptions = {}): ParseResult {
  const input = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (input.length > (options.bytesMax ?? MESSAGE_BYTES_MAX)) {
    return malformed('E_TOO_LARGE', 0, 'The message has more bytes than the configured limit.');
  }
  const isWholeAscii = isAscii(input);
  const wide = isWholeAscii && input[0] !== 0 && input[1] !== 0 ? undefined : transcodeWideUnicode(input);
  if (wide?.kind === 'invalid') {
    return malformed('E_CHARSET', 0, 'The bytes look like UTF-16 or UTF-32 but are not valid.');
  }
  const source = wide?.bytes ?? input;
  const start = skipPrefix(source);
  const end = trimEnd(source, start);
  if (start === end) {
    return malformed('E_EMPTY', 0, 'There are no bytes besides white space and framing.');
  }
  if (source[start] !== 0x4d || source[start + 1] !== 0x53 || source[start + 2] !== 0x48) {
    return isEnvelopeName(source, start)
      ? malformed('E_BATCH', start, 'The payload is a batch: split it before parsing.')
      : malformed('E_NOT_HL7', start, 'The payload does not start with MSH.');
  }
  const delimiters = parseDelimiters(source, start, end);
  if (delimiters === undefined) {
    const sentence = 'MSH-1 and MSH-2 are not five (or six) distinct printable characters outside letters and digits.';
    return malformed('E_BAD_DELIMITERS', start + 3, sentence);
  }
  const isMarkedUtf8 = wide !== undefined || (source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf);
  const isSourceAscii = wide === undefined ? isWholeAscii : isAscii(source);
  return parseFramed({ input, source, start, end, delimiters, isMarkedUtf8, isWholeAscii: isSourceAscii, options });
}

/** A payload whose outside is understood: where MSH starts, where the content ends, and the delimiters. */
interface FramedPayload {
  readonly input: Buffer;
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
  readonly delimiters: Delimiters;
  readonly isMarkedUtf8: boolean;
  readonly isWholeAscii: boolean;
  readonly options: ParseOptions;
}

function parseFramed(payload: FramedPayload): ParseResult {
  const { input, source, start, end, delimiters, options } = payload;
  const chosen = charsetOfPayload(payload);
  if (chosen.kind === 'refused') {
    return malformed('E_CHARSET', start, chosen.sentence);
  }
  const { charset } = chosen;
  const warnings = [...chosen.warnings];
  const scan = charset.layout === 'masked' && mayHoldMultiByte(payload) ? charset.mask(source) : source;
  const text = source.length <= TEXT_BYTES_MAX && scan === source ? source.latin1Slice(0, source.length) : undefined;
  const indexed = indexSegments({ scan, text, start, end, delimiters }, warnings);
  if (indexed.kind === 'refused') {
    return malformed(indexed.code, indexed.position, indexed.sentence, warnings);
  }
  // MSH-2 holds the escape character itself, so the search starts behind it.
  const firstEscape = firstByte(scan, text, delimiters.escape, start + 9);
  const message = new Hl7Message({
    bytes: input,
    source,
    scan,
    text,
    isLatin1: charset.fast === 'latin1' || (scan === source && payload.isWholeAscii),
    delimiters,
    segments: indexed.segments,
    charset,
    hasEscapes: firstEscape >= 0 && firstEscape < end,
    formatting: options.formatting ?? 'keep',
  });
  if (!checkHeader(message, warnings)) {
    return malformed('E_NO_MESSAGE_TYPE', start, 'MSH-9.1 has no message type.', warnings);
  }
  checkObservationTimes(message, warnings);
  if (firstEscape >= 0 && firstEscape < end) {
    const bad = findBadEscape(scan, delimiters, firstEscape, end);
    if (bad >= 0) {
      addWarning(warnings, 'W_BAD_ESCAPE', bad, 'An escape character opens no known sequence: it was kept as it is.');
    }
  }
  return { kind: 'parsed', message, warnings };
}

function firstByte(scan: Buffer, text: string | undefined, byte: number, from: number): number {
  return text === undefined ? scan.indexOf(byte, from) : text.indexOf(String.fromCharCode(byte), from);
}

function mayHoldMultiByte({ source, isWholeAscii }: FramedPayload): boolean {
  return !isWholeAscii || source.includes(ESC);
}

const ESC = 0x1b;

const NOTHING_DECLARED: ChosenCharset = { kind: 'chosen', charset: ASCII, warnings: [] };

function charsetOfPayload(payload: FramedPayload): ChosenCharset {
  const { source, start, end, delimiters } = payload;
  const declared = readDeclared(source, delimiters, start, end);
  if (declared === undefined && payload.isWholeAscii && !payload.isMarkedUtf8) {
    return NOTHING_DECLARED;
  }
  const facts = {
    bytes: source,
    isAscii: payload.isWholeAscii,
    declared: declared?.text ?? '',
    repetition: delimiters.repetition,
    position: declared?.position ?? start,
    isMarkedUtf8: payload.isMarkedUtf8,
  };
  return chooseCharset(facts, payload.options.charset);
}

/** MSH-18, read before the character set is known: MSH up to there is ASCII in every set that HL7 allows. */
function readDeclared(
  source: Buffer,
  delimiters: Delimiters,
  start: number,
  end: number,
): { readonly text: string; readonly position: number } | undefined {
  const separator = delimiters.field;
  let field = 0;
  let position = 0;
  let at = start + 3;
  for (; at < end; at += 1) {
    const byte = source[at] ?? 0;
    if (byte === separator) {
      field += 1;
      if (field === 18) {
        break;
      }
      position = at + 1;
    } else if (byte === 0x0d || byte === 0x0a) {
      break;
    }
  }
  // MSH-1 is the first separator itself, so MSH-18 stands behind the seventeenth.
  return field < 17 || position === at ? undefined : { text: source.latin1Slice(position, at), position };
}

/** Skips a UTF-8 byte order mark, white space, VT and FS before the payload. */
function skipPrefix(source: Buffer): number {
  let at = 0;
  for (;;) {
    if (source[at] === 0xef && source[at + 1] === 0xbb && source[at + 2] === 0xbf) {
      at += 3;
    } else if (at < source.length && isBlank(source[at] ?? 0)) {
      at += 1;
    } else {
      return at;
    }
  }
}

function trimEnd(source: Buffer, start: number): number {
  let end = source.length;
  while (end > start && isBlank(source[end - 1] ?? 0)) {
    end -= 1;
  }
  // Blanks right behind the last field belong to it, as they would in any other line.
  while (end > start && (source[end] === 0x20 || source[end] === 0x09)) {
    end += 1;
  }
  return end;
}

function malformed(
  code: ProblemCode,
  position: number,
  sentence: string,
  warnings: readonly Hl7Warning[] = [],
): ParseResult {
  return { kind: 'malformed', problem: { code, stage: 'parse', position, sentence }, warnings };
}
