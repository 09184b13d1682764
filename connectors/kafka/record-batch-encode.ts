import type { HeaderValue } from '../../shared/connector/records.ts';
import { readVarint, readVarlong, varintEnd, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/**
 * Encodes record batches, version 2 (KIP-98; `org.apache.kafka.common.record.DefaultRecordBatch`):
 *
 *   base offset i64 · batch length i32 · leader epoch i32 · magic i8 · crc u32 · attributes i16 · last offset delta i32 ·
 *   base timestamp i64 · max timestamp i64 · producer id i64 · producer epoch i16 · base sequence i32 · count i32 · records
 *
 *   record: length · attributes i8 · timestamp delta · offset delta · key length, key · value length, value ·
 *           header count, (name length, name, value length, value)…        (all lengths and deltas zigzag varints)
 *
 * I1  Records are written straight into one growing buffer; nothing is allocated per record.
 * I2  The crc covers everything from the attributes to the end, so the producer's identity is fixed before `seal` and
 *     a sealed batch is sent again byte for byte.
 */
export const BATCH_HEADER_BYTES = 61;

const AT_LENGTH = 8;
const AT_LEADER_EPOCH = 12;
const AT_MAGIC = 16;
const AT_CRC = 17;
const AT_ATTRIBUTES = 21;
const AT_LAST_OFFSET_DELTA = 23;
const AT_BASE_TIMESTAMP = 27;
const AT_MAX_TIMESTAMP = 35;
const AT_PRODUCER_ID = 43;
const AT_PRODUCER_EPOCH = 51;
const AT_BASE_SEQUENCE = 53;
const AT_COUNT = 57;
const TRANSACTIONAL = 0x10;
/** Header names of a job are a handful; the bound keeps a job that invents names from growing memory. */
const HEADER_NAMES_MAX = 512;

/** Who sends a batch. `id` −1n: not idempotent. */
export interface BatchProducer {
  readonly id: bigint;
  readonly epoch: number;
  readonly baseSequence: number;
  readonly isTransactional: boolean;
}

export interface BatchSeal {
  readonly producer: BatchProducer;
  /** The codec's number in the attributes, and how it packs the records. Undefined: as they are. */
  readonly codec: { readonly id: number; readonly compress: (records: Buffer) => Uint8Array } | undefined;
  readonly crc32c: (bytes: Uint8Array) => number;
}

/** A record's key as it is written: bytes, or text that becomes UTF-8. */
export type BatchKey = Buffer | string | undefined;

export class RecordBatchBuilder {
  #bytes: Buffer;
  #end = BATCH_HEADER_BYTES;
  #count = 0;
  #baseTimestampMs = 0;
  #maxTimestampMs = 0;

  /** Takes over `buffer` (at least 61 bytes) and replaces it by a larger one when it is full. */
  constructor(buffer: Buffer) {
    this.#bytes = buffer;
  }

  get count(): number {
    return this.#count;
  }

  /** Size of the batch so far, not compressed, with its header. */
  get byteLength(): number {
    return this.#end;
  }

  /** The memory it holds. */
  get capacity(): number {
    return this.#bytes.length;
  }

  append(key: BatchKey, value: Uint8Array, headers: Readonly<Record<string, HeaderValue>>, timestampMs: number): void {
    if (this.#count === 0) {
      this.#baseTimestampMs = timestampMs;
      this.#maxTimestampMs = timestampMs;
    } else if (timestampMs > this.#maxTimestampMs) {
      this.#maxTimestampMs = timestampMs;
    }
    const timestampDelta = timestampMs - this.#baseTimestampMs;
    const keyBytes = key === undefined ? -1 : typeof key === 'string' ? Buffer.byteLength(key) : key.length;
    let size = 1 + varlongSize(timestampDelta) + varintSize(this.#count);
    size += varintSize(keyBytes) + Math.max(keyBytes, 0) + varintSize(value.length) + value.length;
    let headerCount = 0;
    for (const name in headers) {
      const content = headers[name] ?? '';
      const contentBytes = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
      size += headerName(name).length + varintSize(contentBytes) + contentBytes;
      headerCount += 1;
    }
    size += varintSize(headerCount);

    this.#reserve(size + 5);
    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#end, size);
    bytes[at] = 0;
    at = writeVarlong(bytes, at + 1, timestampDelta);
    at = writeVarint(bytes, at, this.#count);
    at = writeVarint(bytes, at, keyBytes);
    if (key !== undefined) {
      at = writeContent(bytes, at, key);
    }
    at = writeVarint(bytes, at, value.length);
    bytes.set(value, at);
    at = writeVarint(bytes, at + value.length, headerCount);
    for (const name in headers) {
      const content = headers[name] ?? '';
      const encodedName = headerName(name);
      bytes.set(encodedName, at);
      at += encodedName.length;
      at = writeVarint(bytes, at, typeof content === 'string' ? Buffer.byteLength(content) : content.length);
      at = writeContent(bytes, at, content);
    }
    this.#end = at;
    this.#count += 1;
  }

  /**
   * Moves the records into two batches of about half their bytes each: what to do when a broker finds a batch too large.
   * This batch must have two records or more; it is empty afterwards.
   */
  splitInto(first: RecordBatchBuilder, second: RecordBatchBuilder): void {
    const total = this.#count;
    const half = (this.#end - BATCH_HEADER_BYTES) / 2;
    let at = BATCH_HEADER_BYTES;
    for (let i = 0; i < total; i += 1) {
      const isFirst = i === 0 || (i < total - 1 && at - BATCH_HEADER_BYTES < half);
      const size = readVarint(this.#bytes, at);
      const end = varintEnd + size;
      const timestampMs = this.#baseTimestampMs + readVarlong(this.#bytes, varintEnd + 1);
      readVarint(this.#bytes, varintEnd); // the offset delta: another one now
      (isFirst ? first : second).#appendEncoded(this.#bytes.subarray(varintEnd, end), timestampMs);
      at = end;
    }
    this.reset();
  }

  /** Completes the batch (I2). The result may be a view of the builder's buffer: it lives until `reset`. */
  seal({ producer, codec, crc32c }: BatchSeal): Buffer {
    let batch = this.#bytes.subarray(0, this.#end);
    if (codec !== undefined) {
      const packed = codec.compress(this.#bytes.subarray(BATCH_HEADER_BYTES, this.#end));
      batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + packed.length);
      batch.set(packed, BATCH_HEADER_BYTES);
    }
    batch.writeBigInt64BE(0n, 0);
    batch.writeInt32BE(batch.length - AT_LEADER_EPOCH, AT_LENGTH);
    batch.writeInt32BE(-1, AT_LEADER_EPOCH);
    batch.writeInt8(2, AT_MAGIC);
    batch.writeInt16BE((codec?.id ?? 0) | (producer.isTransactional ? TRANSACTIONAL : 0), AT_ATTRIBUTES);
    batch.writeInt32BE(this.#count - 1, AT_LAST_OFFSET_DELTA);
    batch.writeBigInt64BE(BigInt(this.#baseTimestampMs), AT_BASE_TIMESTAMP);
    batch.writeBigInt64BE(BigInt(this.#maxTimestampMs), AT_MAX_TIMESTAMP);
    batch.writeBigInt64BE(producer.id, AT_PRODUCER_ID);
    batch.writeInt16BE(producer.epoch, AT_PRODUCER_EPOCH);
    batch.writeInt32BE(producer.baseSequence, AT_BASE_SEQUENCE);
    batch.writeInt32BE(this.#count, AT_COUNT);
    batch.writeUInt32BE(crc32c(batch.subarray(AT_ATTRIBUTES)) >>> 0, AT_CRC);
    return batch;
  }

  /** Empties the builder for the next batch; it keeps its buffer. */
  reset(): void {
    this.#end = BATCH_HEADER_BYTES;
    this.#count = 0;
  }

  /** `rest`: a record from its key length on, as encoded. */
  #appendEncoded(rest: Uint8Array, timestampMs: number): void {
    if (this.#count === 0) {
      this.#baseTimestampMs = timestampMs;
      this.#maxTimestampMs = timestampMs;
    }
    this.#maxTimestampMs = Math.max(this.#maxTimestampMs, timestampMs);
    const timestampDelta = timestampMs - this.#baseTimestampMs;
    const size = 1 + varlongSize(timestampDelta) + varintSize(this.#count) + rest.length;
    this.#reserve(size + 5);
    let at = writeVarint(this.#bytes, this.#end, size);
    this.#bytes[at] = 0;
    at = writeVarlong(this.#bytes, at + 1, timestampDelta);
    at = writeVarint(this.#bytes, at, this.#count);
    this.#bytes.set(rest, at);
    this.#end = at + rest.length;
    this.#count += 1;
  }

  #reserve(count: number): void {
    const needed = this.#end + count;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, needed));
      this.#bytes.copy(grown, 0, 0, this.#end);
      this.#bytes = grown;
    }
  }
}

/** Upper bound of what one record adds to a batch, without encoding it. */
export function recordBytesMax(
  key: BatchKey,
  value: Uint8Array,
  headers: Readonly<Record<string, HeaderValue>>,
): number {
  let size = 26 + value.length + (key === undefined ? 0 : typeof key === 'string' ? key.length * 3 : key.length);
  for (const name in headers) {
    const content = headers[name] ?? '';
    size += 10 + name.length * 3 + (typeof content === 'string' ? content.length * 3 : content.length);
  }
  return size;
}

const headerNames = new Map<string, Buffer>();

/** A header's name with its length, encoded once. */
function headerName(name: string): Buffer {
  let encoded = headerNames.get(name);
  if (encoded === undefined) {
    const bytes = Buffer.from(name, 'utf8');
    encoded = Buffer.alloc(varintSize(bytes.length) + bytes.length);
    bytes.copy(encoded, writeVarint(encoded, 0, bytes.length));
    if (headerNames.size < HEADER_NAMES_MAX) {
      headerNames.set(name, encoded);
    }
  }
  return encoded;
}

/** Short ASCII text, which keys and headers are, is written faster here than by a native call. */
function writeContent(bytes: Buffer, at: number, content: string | Buffer): number {
  if (typeof content !== 'string') {
    bytes.set(content, at);
    return at + content.length;
  }
  if (content.length > 48) {
    return at + bytes.write(content, at, 'utf8');
  }
  for (let i = 0; i < content.length; i += 1) {
    const code = content.charCodeAt(i);
    if (code > 127) {
      return at + bytes.write(content, at, 'utf8');
    }
    bytes[at + i] = code;
  }
  return at + content.length;
}
