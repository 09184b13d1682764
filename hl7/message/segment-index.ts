import type { Delimiters } from './delimiters.ts';
import type { Hl7Warning, ProblemCode } from './problem.ts';

/**
 * Where the segments are: start and end (without terminator) of each, in turn. A plain array of small integers up to
 * a few hundred segments, since a typed array costs ten times its allocation; above that half the memory counts more.
 */
export type SegmentIndex = readonly number[] | Int32Array;

export type IndexedSegments =
  | { readonly kind: 'indexed'; readonly segments: SegmentIndex }
  | { readonly kind: 'refused'; readonly code: ProblemCode; readonly position: number; readonly sentence: string };

/** What the indexing reads: `text` is the same bytes as a latin1 string (faster to search), absent for large messages. */
export interface SegmentSource {
  readonly scan: Buffer;
  readonly text: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly delimiters: Delimiters;
}

const PLAIN_ARRAY_MAX = 1024;
const CR = 0x0d;
const LF = 0x0a;

/** Reused by every call: parsing is synchronous, and what is kept is an exact copy. */
const scratch: number[] = [];

/**
 * Finds the segments of one message. Terminators are CR, LF and CRLF, mixed as they come; but where the payload has
 * a CR, a lone LF ends a segment only when a segment name and the field separator follow (else it is data: users
 * write line feeds into text fields). Warnings, one per code, are added to `warnings`.
 */
export function indexSegments(source: SegmentSource, warnings: Hl7Warning[]): IndexedSegments {
  scratch.length = 0;
  const { start, end } = source;
  const firstCr = nextByte(source, CR, start);
  const firstLf = nextByte(source, LF, start);
  if (firstCr < end && firstLf < end) {
    return indexMixed(source, warnings);
  }
  const terminator = firstCr < end ? CR : LF;
  let from = start;
  while (from < end) {
    const to = nextByte(source, terminator, from);
    const refused = addSegment(source, from, to, warnings);
    if (refused !== undefined) {
      return refused;
    }
    from = to + 1;
  }
  return indexed();
}

function indexMixed(source: SegmentSource, warnings: Hl7Warning[]): IndexedSegments {
  const { start, end } = source;
  let from = start;
  let cr = nextByte(source, CR, start);
  let lf = nextByte(source, LF, start);
  while (from < end) {
    if (cr < from) {
      cr = nextByte(source, CR, from);
    }
    lf = nextEndingLf(source, lf < from ? nextByte(source, LF, from) : lf, cr);
    const to = Math.min(cr, lf);
    const refused = addSegment(source, from, to, warnings);
    if (refused !== undefined) {
      return refused;
    }
    from = to + 1;
  }
  return indexed();
}

/** From the LF at `lf` on, the first that ends a segment, or any at or after `cr`. */
function nextEndingLf(source: SegmentSource, lf: number, cr: number): number {
  let at = lf;
  while (at < cr && !opensSegment(source, at + 1)) {
    at = nextByte(source, LF, at + 1);
  }
  return at;
}

/** Whether, after any further LFs, a segment name and the field separator stand at `at`. */
function opensSegment({ scan, end, delimiters }: SegmentSource, at: number): boolean {
  let from = at;
  while (from < end && scan[from] === LF) {
    from += 1;
  }
  return from + 3 < end && nameCase(scan, from) === 'upper' && scan[from + 3] === delimiters.field;
}

function nextByte({ scan, text, end }: SegmentSource, byte: number, from: number): number {
  const found = text === undefined ? scan.indexOf(byte, from) : text.indexOf(byte === CR ? '\r' : '\n', from);
  return found < 0 || found > end ? end : found;
}

function indexed(): IndexedSegments {
  const segments = scratch.length > PLAIN_ARRAY_MAX ? Int32Array.from(scratch) : scratch.slice();
  if (scratch.length > PLAIN_ARRAY_MAX * 64) {
    scratch.length = 0;
  }
  return { kind: 'indexed', segments };
}

/** Adds the line `[from, to)` to the index, unless it is blank; says why when it is no segment. */
function addSegment(
  source: SegmentSource,
  from: number,
  to: number,
  warnings: Hl7Warning[],
): Exclude<IndexedSegments, { kind: 'indexed' }> | undefined {
  const { scan, delimiters } = source;
  const next = scan[from + 3];
  if (nameCase(scan, from) === 'upper' && (next === delimiters.field || to === from + 3) && to >= from + 3) {
    return addNamed(source, from, to);
  }
  return addOddLine(source, from, to, warnings);
}

function addNamed(
  { scan, start }: SegmentSource,
  from: number,
  to: number,
): Exclude<IndexedSegments, { kind: 'indexed' }> | undefined {
  if (from > start && isEnvelopeName(scan, from)) {
    const sentence = 'The payload holds a batch envelope or several messages: split it before parsing.';
    return { kind: 'refused', code: 'E_BATCH', position: from, sentence };
  }
  scratch.push(from, to);
  return undefined;
}

function addOddLine(
  source: SegmentSource,
  lineStart: number,
  to: number,
  warnings: Hl7Warning[],
): Exclude<IndexedSegments, { kind: 'indexed' }> | undefined {
  const { scan, delimiters } = source;
  const from = skipBlank(scan, lineStart, to);
  if (from === to) {
    return undefined;
  }
  if (from > lineStart) {
    addWarning(warnings, 'W_LEADING_WHITESPACE', lineStart, 'White space stands before a segment name.');
  }
  if (isOnlySeparators(scan, from, to, delimiters)) {
    addWarning(warnings, 'W_BLANK_SEGMENT', from, 'A line holds separators only; it was skipped.');
    return undefined;
  }
  const name = to < from + 3 ? 'none' : nameCase(scan, from);
  if (name === 'none' || (to > from + 3 && scan[from + 3] !== delimiters.field)) {
    const sentence = 'A line does not start with a segment name of three characters and the field separator.';
    return { kind: 'refused', code: 'E_BAD_SEGMENT', position: from, sentence };
  }
  if (name === 'lower') {
    addWarning(warnings, 'W_SEGMENT_CASE', from, 'A segment name is in lower case; it was read as upper case.');
  }
  return addNamed(source, from, to);
}

/** Adds a warning unless its code is there already: one per code and message keeps hostile input bounded. */
export function addWarning(warnings: Hl7Warning[], code: Hl7Warning['code'], position: number, sentence: string): void {
  if (!warnings.some((warning) => warning.code === code)) {
    warnings.push({ code, position, sentence });
  }
}

/** Whether the three bytes at `at` are a segment name `[A-Z][A-Z0-9]{2}`, in which case. */
function nameCase(scan: Buffer, at: number): 'upper' | 'lower' | 'none' {
  const first = scan[at] ?? 0;
  const second = scan[at + 1] ?? 0;
  const third = scan[at + 2] ?? 0;
  if (isUpper(first) && (isUpper(second) || isDigit(second)) && (isUpper(third) || isDigit(third))) {
    return 'upper';
  }
  const isName =
    isUpper(first & 0xdf) &&
    (isUpper(second & 0xdf) || isDigit(second)) &&
    (isUpper(third & 0xdf) || isDigit(third)) &&
    first < 0x80 &&
    second < 0x80 &&
    third < 0x80;
  return isName ? 'lower' : 'none';
}

/** MSH, FHS, BHS, BTS and FTS: none of them can stand inside a message. */
export function isEnvelopeName(scan: Buffer, at: number): boolean {
  switch (((scan[at] ?? 0) << 16) | ((scan[at + 1] ?? 0) << 8) | (scan[at + 2] ?? 0)) {
    case 0x4d5348: // MSH
    case 0x464853: // FHS
    case 0x424853: // BHS
    case 0x425453: // BTS
    case 0x465453: // FTS
      return true;
    default:
      return false;
  }
}

/** Skips spaces, tabs, line ends, VT and FS. */
export function skipBlank(scan: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(scan[at] ?? 0)) {
    at += 1;
  }
  return at;
}

/** White space and the framing bytes VT and FS, which may stand around a payload. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1c;
}

function isOnlySeparators(scan: Buffer, from: number, to: number, delimiters: Delimiters): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = scan[at] ?? 0;
    const isSeparator =
      byte === delimiters.field ||
      byte === delimiters.component ||
      byte === delimiters.repetition ||
      byte === delimiters.subcomponent ||
      isBlank(byte);
    if (!isSeparator) {
      return false;
    }
  }
  return true;
}

function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
