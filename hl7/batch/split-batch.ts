import { transcodeWideUnicode } from '../charset/transcode-utf16.ts';
import { findByte } from '../message/find-byte.ts';
import { isBlank } from '../message/segment-index.ts';
import type { BatchMember, SplitPayload } from './batch.ts';
import { BatchEnvelope } from './batch-envelope.ts';

/**
 * Splits a payload with an FHS/BHS/BTS/FTS envelope, or with several MSH, into its messages. Every byte from an MSH up
 * to the next header or trailer belongs to its message, whatever it is, so one bad member never sinks or swallows
 * another. Members are views; those of a UTF-16 or UTF-32 payload are views of its UTF-8 transcript.
 */
export function splitBatch(payload: Uint8Array): SplitPayload {
  const input = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const wide = transcodeWideUnicode(input);
  if (wide?.kind === 'invalid') {
    return { kind: 'single' };
  }
  const bytes = wide?.bytes ?? input;
  const first = skipToContent(bytes, 0);
  const opening = headerAt(bytes, first, true);
  if (opening === undefined || opening === 'BTS' || opening === 'FTS') {
    return { kind: 'single' };
  }
  return new BatchSplitter(bytes).split(first);
}

type HeaderName = 'MSH' | 'FHS' | 'BHS' | 'BTS' | 'FTS';

/** One walk over the lines of a payload. */
class BatchSplitter {
  readonly #bytes: Buffer;
  readonly #envelope = new BatchEnvelope();
  readonly #members: BatchMember[] = [];
  #hasEnvelope = false;
  /** Where the open message starts, -1 outside any message. */
  #start = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  split(first: number): SplitPayload {
    const bytes = this.#bytes;
    let at = first;
    while (at < bytes.length) {
      const end = endOfLine(bytes, at);
      const header = headerAt(bytes, at, at === first);
      if (header !== undefined) {
        this.#close(at);
        this.#onHeader(header, at, end);
      } else if (this.#start < 0) {
        this.#envelope.onStray(strayName(bytes, at, end), at);
      }
      at = skipToContent(bytes, end);
    }
    this.#close(bytes.length);
    if (!this.#hasEnvelope && this.#members.length <= 1) {
      return { kind: 'single' };
    }
    return { kind: 'batch', members: this.#members, warnings: this.#envelope.close(bytes.length) };
  }

  #onHeader(header: HeaderName, at: number, end: number): void {
    if (header === 'MSH') {
      this.#start = at;
      this.#envelope.onMessage();
      return;
    }
    this.#hasEnvelope = true;
    switch (header) {
      case 'FHS':
        this.#envelope.onFileHeader();
        return;
      case 'BHS':
        this.#envelope.onBatchHeader();
        return;
      case 'BTS':
        this.#envelope.onBatchTrailer(this.#firstField(at, end), at);
        return;
      case 'FTS':
        this.#envelope.onFileTrailer(this.#firstField(at, end), at);
        return;
    }
  }

  #firstField(at: number, end: number): string {
    const separator = this.#bytes[at + 3] ?? 0;
    const from = Math.min(at + 4, end);
    return this.#bytes.latin1Slice(from, findByte(this.#bytes, separator, from, end));
  }

  #close(end: number): void {
    if (this.#start >= 0) {
      const start = this.#start;
      this.#members.push({ index: this.#members.length, start, end, bytes: this.#bytes.subarray(start, end) });
      this.#start = -1;
    }
  }
}

/** A header or trailer segment at a line's start: its name, then a separator (punctuation) or the end of the line. */
function headerAt(bytes: Buffer, at: number, isFirst: boolean): HeaderName | undefined {
  const name = at + 3 <= bytes.length ? bytes.latin1Slice(at, at + 3) : '';
  const next = bytes[at + 3] ?? 0;
  switch (name) {
    case 'MSH':
      return isFirst || isPunctuation(next) ? name : undefined;
    case 'FHS':
    case 'BHS':
      return isPunctuation(next) ? name : undefined;
    case 'BTS':
    case 'FTS':
      return isPunctuation(next) || isBlank(next) || at + 3 === bytes.length ? name : undefined;
    default:
      return undefined;
  }
}

/** The name of a segment that stands outside any message, or `?` for a line that is no segment at all. */
function strayName(bytes: Buffer, at: number, end: number): string {
  const name = bytes.latin1Slice(at, Math.min(at + 3, end));
  const isSegment = /^[A-Z][A-Z0-9]{2}$/.test(name) && (end === at + 3 || isPunctuation(bytes[at + 3] ?? 0));
  return isSegment ? name : '?';
}

function endOfLine(bytes: Buffer, from: number): number {
  const cr = findByte(bytes, 0x0d, from, bytes.length);
  return findByte(bytes, 0x0a, from, cr);
}

/** Skips white space, framing bytes and byte order marks (files put together keep theirs in the middle). */
function skipToContent(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    if (isBlank(bytes[at] ?? 0)) {
      at += 1;
    } else if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) {
      at += 3;
    } else {
      break;
    }
  }
  return at;
}

function isPunctuation(byte: number): boolean {
  return (
    (byte > 0x20 && byte < 0x30) ||
    (byte > 0x39 && byte < 0x41) ||
    (byte > 0x5a && byte < 0x61) ||
    (byte > 0x7a && byte < 0x7f)
  );
}
