import type { Charset } from './charset.ts';
import { ASCII_SET, type Iso2022Set, SETS_BY_ESCAPE, setAt } from './iso2022-sets.ts';

const ESC = 0x1b;
const MASKED = 0x80;
const isLineEnd = (byte: number): boolean => byte === 0x0d || byte === 0x0a;

/**
 * ISO 2022 switching, as MSH-18 with several repetitions (or an ISO IR set alone) declares it. `initial` is the set
 * of the first repetition: it governs bytes before the first escape sequence and the upper half where none switched.
 * Every line starts anew in the initial state, as HL7 demands (chapter 2, "Escape sequences supporting multiple
 * character sets").
 */
export function iso2022Charset(name: string, initial: Charset): Charset {
  return {
    name,
    layout: 'masked',
    fast: 'none',
    decode: (bytes) => decodeRuns(bytes, initial),
    encode: (text) => encodeRuns(text, initial),
    mask,
  };
}

function decodeRuns(bytes: Buffer, initial: Charset): string | undefined {
  let text = '';
  for (const run of runsOf(bytes)) {
    const piece =
      run.set === undefined
        ? initial.decode(bytes.subarray(run.from, run.to))
        : run.set.carrier().decode(run.set.toCarrier(bytes.subarray(run.from, run.to)));
    if (piece === undefined) {
      return undefined;
    }
    text += piece;
  }
  return text;
}

interface Run {
  readonly from: number;
  readonly to: number;
  /** Undefined: the initial set. */
  readonly set: Iso2022Set | undefined;
}

/** Cuts bytes into runs of one set each; escape sequences that switch sets belong to no run. */
function* runsOf(bytes: Buffer): Generator<Run> {
  let low = ASCII_SET;
  let high: Iso2022Set | undefined;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    const switched = byte === ESC ? setAt(bytes, at + 1) : undefined;
    if (switched !== undefined) {
      if (switched.set.half === 'low') {
        low = switched.set;
      } else {
        high = switched.set;
      }
      at += 1 + switched.length;
      continue;
    }
    if (isLineEnd(byte)) {
      low = ASCII_SET;
      high = undefined;
    }
    const set = byte >= 0x80 ? high : isGraphic(byte) ? low : ASCII_SET;
    const to = endOfRun(bytes, at);
    yield { from: at, to, set };
    at = to;
  }
}

/** A run ends where the half changes, at controls and at every ESC. */
function endOfRun(bytes: Buffer, from: number): number {
  const kind = runKind(bytes[from] ?? 0);
  let to = from + 1;
  while (to < bytes.length && bytes[to] !== ESC && runKind(bytes[to] ?? 0) === kind) {
    to += 1;
  }
  return to;
}

function runKind(byte: number): number {
  return byte >= 0x80 ? 2 : isGraphic(byte) ? 1 : 0;
}

function isGraphic(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f;
}

function mask(bytes: Buffer): Buffer {
  const masked = Buffer.from(bytes);
  let at = 0;
  let isDouble = false;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    const switched = byte === ESC ? setAt(bytes, at + 1) : undefined;
    if (switched !== undefined) {
      masked.fill(MASKED, at, at + 1 + switched.length);
      isDouble = switched.set.half === 'low' ? switched.set.carrier !== ASCII_SET.carrier : isDouble;
      at += 1 + switched.length;
      continue;
    }
    if (isLineEnd(byte)) {
      isDouble = false;
    } else if (isDouble && isGraphic(byte)) {
      masked[at] = MASKED;
    }
    at += 1;
  }
  return masked;
}

/** Sets that are tried, in this order, for text the initial set lacks. Each run switches back to ASCII at its end. */
const ENCODE_ESCAPES = ['$B', '$(D', '(I', '$(C', '$A'] as const;

function encodeRuns(text: string, initial: Charset): Buffer | undefined {
  const pieces: Buffer[] = [];
  let open = '';
  for (const character of text) {
    const plain = initial.encode(character);
    const piece = plain === undefined ? encodeSwitched(character) : { escape: '', bytes: plain };
    if (piece === undefined) {
      return undefined;
    }
    if (piece.escape !== open) {
      pieces.push(Buffer.from(`\x1b${piece.escape === '' ? '(B' : piece.escape}`, 'latin1'));
      open = piece.escape;
    }
    pieces.push(piece.bytes);
  }
  if (open !== '') {
    pieces.push(Buffer.from('\x1b(B', 'latin1'));
  }
  return Buffer.concat(pieces);
}

function encodeSwitched(character: string): { readonly escape: string; readonly bytes: Buffer } | undefined {
  for (const escape of ENCODE_ESCAPES) {
    const set = SETS_BY_ESCAPE.get(escape);
    const carried = set?.carrier().encode(character);
    const bytes = set === undefined || carried === undefined ? undefined : fromCarrier(carried, escape, set);
    if (bytes !== undefined) {
      return { escape, bytes };
    }
  }
  return undefined;
}

/** The 7-bit form of a carrier's bytes, or undefined when the character is not of this very set. */
function fromCarrier(carried: Buffer, escape: string, set: Iso2022Set): Buffer | undefined {
  const isThreeByte = carried.length === 3 && carried[0] === 0x8f;
  if (isThreeByte !== (escape === '$(D')) {
    return undefined;
  }
  const body = isThreeByte ? carried.subarray(1) : carried;
  if (body.length !== set.bytes || body.some((byte) => byte < 0xa1 || byte > 0xfe)) {
    return undefined;
  }
  return Buffer.from(body.map((byte) => byte & 0x7f));
}
