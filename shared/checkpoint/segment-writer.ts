import { createHash } from 'node:crypto';
import type { Binary } from './binary.ts';
import { FRAME_BYTES, formatBlock, formatFoot, formatHead, formatIndex } from './segment-format.ts';
import type { BlockInfo } from './segment-format.ts';
import type { StateEntry } from './state-entry.ts';

/** Raw bytes after which a block is closed: what one step compresses and one read brings. */
const BLOCK_BYTES = 64 * 1024;
/** Head of an entry at most: kind and three varints. */
const ENTRY_HEAD_MAX = 16;

const KINDS = { put: 0, delete: 1, clear: 2 } as const;

export interface WrittenSegment {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly entries: number;
}

/** Builds one segment in memory from entries in key order. Each `add` does a bounded amount of work. */
export class SegmentWriter {
  readonly #compress: boolean;
  readonly #chunks: Buffer[] = [];
  readonly #blocks: BlockInfo[] = [];
  readonly #hash = createHash('sha256');
  #length = 0;
  #entries = 0;
  #raw = Buffer.allocUnsafeSlow(2 * BLOCK_BYTES);
  #rawLength = 0;
  #lastKey: Binary = '';
  #firstKeyGroup = 0;

  constructor(compress = true) {
    this.#compress = compress;
    this.#emit(formatHead());
  }

  /** Bytes so far, the open block as it is. */
  get length(): number {
    return this.#length + this.#rawLength;
  }

  get entries(): number {
    return this.#entries;
  }

  add(entry: StateEntry): void {
    const { key } = entry;
    const value = entry.kind === 'put' ? entry.value : '';
    if (this.#rawLength === 0) {
      this.#lastKey = '';
      this.#firstKeyGroup = keyGroupOf(key);
    }
    const shared = sharedPrefix(this.#lastKey, key);
    this.#reserve(ENTRY_HEAD_MAX + key.length - shared + value.length);
    const raw = this.#raw;
    let at = this.#rawLength;
    raw[at] = KINDS[entry.kind];
    at = writeVarint(raw, shared, at + 1);
    at = writeVarint(raw, key.length - shared, at);
    if (entry.kind === 'put') {
      at = writeVarint(raw, value.length, at);
    }
    at += raw.write(shared === 0 ? key : key.slice(shared), at, 'latin1');
    at += raw.write(value, at, 'latin1');
    this.#rawLength = at;
    this.#lastKey = key;
    this.#entries += 1;
    if (this.#rawLength >= BLOCK_BYTES) {
      this.#closeBlock();
    }
  }

  finish(): WrittenSegment {
    this.#closeBlock();
    const indexOffset = this.#length;
    const index = formatIndex(this.#blocks);
    this.#emit(index);
    this.#emit(formatFoot({ indexOffset, blocks: this.#blocks.length, entries: this.#entries }, index));
    return { bytes: Buffer.concat(this.#chunks), sha256: this.#hash.digest('hex'), entries: this.#entries };
  }

  #closeBlock(): void {
    if (this.#rawLength === 0) {
      return;
    }
    const [frame, stored] = formatBlock(this.#raw.subarray(0, this.#rawLength), this.#compress);
    const length = FRAME_BYTES + (stored?.length ?? 0);
    this.#blocks.push({
      offset: this.#length,
      length,
      firstKeyGroup: this.#firstKeyGroup,
      lastKeyGroup: keyGroupOf(this.#lastKey),
    });
    for (const part of [frame, stored]) {
      if (part !== undefined) {
        this.#emit(part);
      }
    }
    this.#rawLength = 0;
  }

  #emit(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#rawLength + bytes;
    if (needed > this.#raw.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#raw.length));
      this.#raw.copy(larger, 0, 0, this.#rawLength);
      this.#raw = larger;
    }
  }
}

function keyGroupOf(key: Binary): number {
  return (key.charCodeAt(0) << 8) | key.charCodeAt(1);
}

function sharedPrefix(a: Binary, b: Binary): number {
  const max = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < max && a.charCodeAt(shared) === b.charCodeAt(shared)) {
    shared += 1;
  }
  return shared;
}

function writeVarint(target: Buffer, value: number, at: number): number {
  let rest = value;
  let offset = at;
  while (rest >= 0x80) {
    target[offset] = (rest & 0x7f) | 0x80;
    offset += 1;
    rest >>>= 7;
  }
  target[offset] = rest;
  return offset + 1;
}
