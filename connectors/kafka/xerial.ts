/**
 * The framing of xerial's snappy-java (`SnappyOutputStream`), which Kafka's Java clients put around Snappy blocks:
 * magic of 8 bytes, version i32, compatible version i32, then (length i32, block)…
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = 16;
/** snappy-java's own block size. */
const BLOCK_BYTES = 32_768;

export function isXerial(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC);
}

export function xerialFrame(bytes: Buffer, compress: (block: Buffer) => Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  const parts: Buffer[] = [header];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compress(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** Throws RangeError when a block reaches beyond the end. */
export function unpackXerial(bytes: Buffer, decompress: (block: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const length = bytes.readInt32BE(at);
    if (length < 0 || at + 4 + length > bytes.length) {
      throw new RangeError('a snappy block reaches beyond the end of its frame');
    }
    parts.push(decompress(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}
