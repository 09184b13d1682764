import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { StreamError } from '../failure/failure.ts';

/**
 * A segment: an immutable object of state entries, sorted by key.
 *
 *   head     "NSEG" ‖ format (1 B) ‖ 3 B zero
 *   blocks   stored length (4 B) ‖ raw length (4 B) ‖ CRC-32 of what is stored (4 B) ‖ codec (1 B: 0 none, 1 zstd) ‖ stored bytes
 *   index    for each block: offset (6 B) ‖ length with its frame (4 B) ‖ first key group (2 B) ‖ last key group (2 B)
 *   foot     offset of the index (6 B) ‖ blocks (4 B) ‖ CRC-32 of the index (4 B) ‖ entries (6 B) ‖ 3 B zero ‖ format (1 B) ‖ "NSEG"
 *
 * Numbers are big endian. A block's raw bytes are entries: kind (1 B: 0 put, 1 delete, 2 clear) ‖ bytes shared with the key
 * before (varint) ‖ rest length (varint) ‖ value length (varint, put only) ‖ rest of the key ‖ value; the first entry of a block
 * shares nothing. So the blocks of a range of key groups are found in the index and read alone, each checked by itself.
 */
export const SEGMENT_FORMAT = 1;
export const HEAD_BYTES = 8;
export const FOOT_BYTES = 28;
export const INDEX_ENTRY_BYTES = 14;
export const FRAME_BYTES = 13;
const MAGIC = 'NSEG';

const CODEC_NONE = 0;
const CODEC_ZSTD = 1;
/** Below it compression gains less than its frame costs. */
const COMPRESS_FROM_BYTES = 128;

export interface BlockInfo {
  readonly offset: number;
  readonly length: number;
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
}

export interface SegmentFoot {
  readonly indexOffset: number;
  readonly blocks: number;
  readonly indexCrc: number;
  readonly entries: number;
}

export function formatHead(): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 'latin1');
  head[4] = SEGMENT_FORMAT;
  return head;
}

/** Frames a block's raw bytes; compresses them when that helps. */
export function formatBlock(raw: Buffer, compress: boolean): Buffer[] {
  const packed =
    compress && raw.length >= COMPRESS_FROM_BYTES
      ? zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      : raw;
  const isPacked = packed.length < raw.length;
  const stored = isPacked ? packed : Buffer.from(raw);
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(stored.length, 0);
  frame.writeUInt32BE(raw.length, 4);
  frame.writeUInt32BE(crc32(stored), 8);
  frame[12] = isPacked ? CODEC_ZSTD : CODEC_NONE;
  return [frame, stored];
}

/** The raw bytes of a framed block. */
export function parseBlock(framed: Buffer, where: string): Buffer {
  const storedLength = framed.readUInt32BE(0);
  const stored = framed.subarray(FRAME_BYTES);
  if (stored.length !== storedLength || crc32(stored) !== framed.readUInt32BE(8)) {
    throw corrupt(where, 'a block does not match its checksum');
  }
  const codec = framed[12];
  if (codec === CODEC_NONE) {
    return stored;
  }
  if (codec !== CODEC_ZSTD) {
    throw corrupt(where, `a block is packed with codec ${String(codec)}, which this version does not know`);
  }
  return zstdDecompressSync(stored, { maxOutputLength: framed.readUInt32BE(4) });
}

export function formatIndex(blocks: readonly BlockInfo[]): Buffer {
  const index = Buffer.alloc(blocks.length * INDEX_ENTRY_BYTES);
  blocks.forEach(({ offset, length, firstKeyGroup, lastKeyGroup }, i) => {
    const at = i * INDEX_ENTRY_BYTES;
    index.writeUIntBE(offset, at, 6);
    index.writeUInt32BE(length, at + 6);
    index.writeUInt16BE(firstKeyGroup, at + 10);
    index.writeUInt16BE(lastKeyGroup, at + 12);
  });
  return index;
}

export function parseIndex(index: Buffer, foot: SegmentFoot, where: string): BlockInfo[] {
  if (crc32(index) !== foot.indexCrc) {
    throw corrupt(where, 'its index does not match its checksum');
  }
  return Array.from({ length: foot.blocks }, (_, i) => {
    const at = i * INDEX_ENTRY_BYTES;
    return {
      offset: index.readUIntBE(at, 6),
      length: index.readUInt32BE(at + 6),
      firstKeyGroup: index.readUInt16BE(at + 10),
      lastKeyGroup: index.readUInt16BE(at + 12),
    };
  });
}

export function formatFoot(foot: Omit<SegmentFoot, 'indexCrc'>, index: Buffer): Buffer {
  const bytes = Buffer.alloc(FOOT_BYTES);
  bytes.writeUIntBE(foot.indexOffset, 0, 6);
  bytes.writeUInt32BE(foot.blocks, 6);
  bytes.writeUInt32BE(crc32(index), 10);
  bytes.writeUIntBE(foot.entries, 14, 6);
  bytes[23] = SEGMENT_FORMAT;
  bytes.write(MAGIC, 24, 'latin1');
  return bytes;
}

export function parseFoot(bytes: Buffer, where: string): SegmentFoot {
  if (bytes.length !== FOOT_BYTES || bytes.toString('latin1', 24) !== MAGIC) {
    throw corrupt(where, 'it does not end as a segment does');
  }
  if (bytes[23] !== SEGMENT_FORMAT) {
    throw corrupt(where, `it has format ${String(bytes[23])}, and this version reads format ${SEGMENT_FORMAT}`);
  }
  return {
    indexOffset: bytes.readUIntBE(0, 6),
    blocks: bytes.readUInt32BE(6),
    indexCrc: bytes.readUInt32BE(10),
    entries: bytes.readUIntBE(14, 6),
  };
}

export function corrupt(where: string, what: string): StreamError {
  return new StreamError({
    code: 'segment-corrupt',
    reaction: 'fail-job',
    message: `state segment ${where} cannot be read: ${what}`,
    remedy: 'Restore from an earlier checkpoint or a savepoint; check the object store.',
  });
}
