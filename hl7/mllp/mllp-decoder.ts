import { isBlank } from '../message/segment-index.ts';
import type { MllpEvent, MllpFaultCode } from './mllp-event.ts';

export const VT = 0x0b;
export const FS = 0x1c;
const CR = 0x0d;
const LF = 0x0a;
const NOTHING = Buffer.alloc(0);

export interface MllpDecoderOptions {
  /** A frame with more payload bytes is skipped and reported, and no more than this is ever buffered. */
  readonly bytesMax?: number;
}

/** As the parser's limit; a frame that could not be parsed need not be buffered. */
export const FRAME_BYTES_MAX = 20 * 1024 * 1024;

/**
 * Incremental decoder of `<VT> payload <FS> <CR>` (HL7 "Transport Specification: MLLP, Release 1").
 *
 * I1 The events depend on the bytes alone, not on how they are cut into chunks.
 * I2 Every byte is part of a frame, of the framing, or of a fault; only line ends between frames pass in silence.
 * I3 A start block always opens a new frame, so one broken frame never swallows the next.
 * I4 An end block counts when CR or the next start block follows (after white space, or at the end of the stream);
 *    any other FS is data.
 */
export class MllpDecoder {
  readonly #bytesMax: number;
  #events: MllpEvent[] = [];
  /** Whether a start block opened the bytes in `#parts`; if not they stand between frames. */
  #isInside = false;
  #parts: Buffer[] = [];
  #length = 0;
  /** Offset in the stream of the first byte of `#parts`. */
  #position = 0;
  /** Bytes of the current frame beyond the limit, which were not kept. */
  #dropped = 0;
  /** The last byte taken into `#parts` is an FS whose meaning the next byte decides. */
  #isAfterFs = false;
  /** Bytes of the stream consumed so far. */
  #consumed = 0;

  constructor(options: MllpDecoderOptions = {}) {
    this.#bytesMax = options.bytesMax ?? FRAME_BYTES_MAX;
  }

  /** Takes the next bytes of the stream. The chunk is kept until its frames are complete: do not reuse it. */
  push(chunk: Uint8Array): readonly MllpEvent[] {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    if (this.#isAfterFs && bytes.length > 0) {
      at = this.#decideFs(bytes, 0);
    }
    let vt = bytes.indexOf(VT, at);
    let fs = bytes.indexOf(FS, at);
    while (vt >= 0 || fs >= 0) {
      if (fs < 0 || (vt >= 0 && vt < fs)) {
        this.#take(bytes, at, vt);
        this.#open();
        at = vt + 1;
        vt = bytes.indexOf(VT, at);
        continue;
      }
      this.#take(bytes, at, fs + 1);
      this.#isAfterFs = true;
      at = fs + 1 < bytes.length ? this.#decideFs(bytes, fs + 1) : fs + 1;
      fs = bytes.indexOf(FS, at);
    }
    this.#take(bytes, at, bytes.length);
    return this.#drain();
  }

  /** The stream has ended: reports what is unfinished. */
  end(): readonly MllpEvent[] {
    this.#isAfterFs = false;
    if (!this.#isInside) {
      this.#closeOutside();
    } else if (!this.#closeLooseFrame()) {
      this.#fault('TRUNCATED');
    }
    this.#isInside = false;
    return this.#drain();
  }

  /** An FS was the last byte taken; `bytes[at]` follows it. Returns where to go on. */
  #decideFs(bytes: Buffer, at: number): number {
    this.#isAfterFs = false;
    if (bytes[at] !== CR) {
      return at; // Data, or I4's loose end, which the next start block or the end decides.
    }
    this.#dropLast(1);
    if (this.#isInside) {
      this.#closeFrame();
    } else {
      this.#closeOutside();
    }
    this.#isInside = false;
    this.#consumed += 1;
    this.#restart();
    return at + 1;
  }

  /** A start block. */
  #open(): void {
    if (!this.#isInside) {
      this.#closeOutside();
    } else if (this.#length > 0 && !this.#closeLooseFrame()) {
      this.#fault('MISSING_END_BLOCK');
    }
    this.#isInside = true;
    this.#consumed += 1;
    this.#restart();
  }

  #closeFrame(): void {
    if (this.#dropped > 0) {
      this.#fault('TOO_LARGE');
    } else if (this.#length === 0) {
      this.#fault('EMPTY_FRAME');
    } else {
      this.#events.push({ kind: 'frame', bytes: this.#joined(), position: this.#position });
    }
  }

  /** Delivers a frame that ends in FS and white space without CR right behind the FS; false when it does not. */
  #closeLooseFrame(): boolean {
    if (this.#dropped > 0) {
      this.#fault('TOO_LARGE');
      return true;
    }
    const bytes = this.#joined();
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] !== FS && isBlank(bytes[end - 1] ?? 0)) {
      end -= 1;
    }
    if (end === 0 || bytes[end - 1] !== FS) {
      return false;
    }
    if (end > 1) {
      this.#events.push({ kind: 'frame', bytes: bytes.subarray(0, end - 1), position: this.#position });
    } else {
      this.#events.push(faultOf('EMPTY_FRAME', NOTHING, 0, this.#position));
    }
    this.#events.push(faultOf('MISSING_TRAILING_CR', NOTHING, bytes.length - end, this.#position + end));
    return true;
  }

  #closeOutside(): void {
    if (this.#length === 0) {
      return;
    }
    const bytes = this.#joined();
    if (bytes.some((byte) => byte !== CR && byte !== LF)) {
      const isData = bytes.some((byte) => byte > 0x20 && byte !== 0x7f);
      this.#fault(isData ? 'MISSING_START_BLOCK' : 'NOISE');
    }
  }

  /** Takes data; what exceeds the limit is dropped inside a frame and reported at once outside. */
  #take(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      const room = this.#bytesMax - this.#length;
      const next = Math.min(to, at + room);
      if (next > at) {
        this.#parts.push(bytes.subarray(at, next));
        this.#length += next - at;
        this.#consumed += next - at;
        at = next;
      } else if (this.#isInside) {
        this.#dropped += to - at;
        this.#consumed += to - at;
        at = to;
      } else {
        this.#closeOutside();
        this.#restart();
      }
    }
  }

  /** Takes back the last bytes of the current data (the FS that turned out to be an end block). */
  #dropLast(count: number): void {
    if (this.#dropped > 0) {
      this.#dropped -= count;
      return;
    }
    const last = this.#parts.pop();
    if (last !== undefined) {
      this.#length -= count;
      if (last.length > count) {
        this.#parts.push(last.subarray(0, last.length - count));
      }
    }
  }

  #fault(code: MllpFaultCode): void {
    const bytes = this.#dropped > 0 ? NOTHING : this.#joined();
    this.#events.push(faultOf(code, bytes, this.#length + this.#dropped, this.#position));
  }

  #joined(): Buffer {
    const only = this.#parts[0];
    return this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts, this.#length);
  }

  #restart(): void {
    this.#parts = [];
    this.#length = 0;
    this.#dropped = 0;
    this.#position = this.#consumed;
  }

  #drain(): readonly MllpEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

function faultOf(code: MllpFaultCode, bytes: Buffer, skipped: number, position: number): MllpEvent {
  return { kind: 'fault', code, bytes, skipped, position };
}
