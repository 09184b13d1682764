import type { HeaderValue, SourceRecord } from '../../shared/connector/records.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import type { HeaderNames } from './header-names.ts';
import { BATCH_HEADER_BYTES } from './record-batch-encode.ts';
import { readVarint, readVarlong, varintEnd } from './varint.ts';

/**
 * Reads the records of one partition out of one fetch response, batch after batch, as far as it is asked.
 *
 * I1  Every offset from the one asked for is handed over once or skipped for good; a batch may begin before that offset (the
 *     broker answers with whole batches), and what lies before it is dropped.
 * I2  Control records and records of aborted transactions are dropped, but the position advances over them: otherwise a
 *     reader never reaches an end offset behind a commit marker (FLINK-34470).
 * I3  A batch whose checksum is wrong is never decoded.
 * I4  Keys, values and headers are views of the response: whoever keeps one for long copies it.
 */
export interface RecordSet {
  readonly split: SplitId;
  readonly topic: string;
  readonly partition: number;
  /** The offset that was asked for. */
  readonly fetchOffset: bigint;
  readonly records: Buffer;
  /** In the order of `firstOffset`, as the broker sends them; empty for read-uncommitted. */
  readonly aborted: readonly AbortedTransaction[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

export interface DecodeLimits {
  /** Larger values are handed over by reference: empty, with `oversizeBytes`. */
  readonly maxRecordBytes: number;
  readonly crc32c: (bytes: Uint8Array) => number;
  readonly decompress: (codec: number, bytes: Buffer) => Buffer;
}

const EMPTY: Buffer = Buffer.alloc(0);
const NO_HEADERS: Readonly<Record<string, HeaderValue>> = Object.freeze({});
const TIMESTAMP_IS_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const CODEC_MASK = 0x07;

export class RecordCursor {
  readonly #set: RecordSet;
  readonly #limits: DecodeLimits;
  readonly #names: HeaderNames;
  readonly #abortedProducers = new Set<bigint>();
  #abortedNext = 0;
  /** Where the next batch begins in the response. */
  #batchAt = 0;
  #position: number;
  readonly #fetchOffset: number;
  // The open batch: its records (unpacked), how many are left, and where the next one begins.
  #records: Buffer = EMPTY;
  #recordsLeft = 0;
  #recordAt = 0;
  #baseOffset = 0;
  #baseTimestampMs = 0;
  #appendTimeMs = -1;
  #nextBatchOffset = 0;

  constructor(set: RecordSet, limits: DecodeLimits, names: HeaderNames) {
    this.#set = set;
    this.#limits = limits;
    this.#names = names;
    this.#position = offsetNumber(set.fetchOffset);
    this.#fetchOffset = this.#position;
  }

  /** The offset behind the last record handed over or skipped. */
  get position(): bigint {
    return BigInt(this.#position);
  }

  /** Hands over at most `max` records below `endOffset`; returns how many. Fewer than `max`: the set is read. */
  read(max: number, endOffset: bigint | undefined, collect: (record: SourceRecord) => void): number {
    const end = endOffset === undefined ? Number.MAX_SAFE_INTEGER : offsetNumber(endOffset);
    let count = 0;
    while (count < max && this.#position < end) {
      if (this.#recordsLeft === 0) {
        this.#position = Math.max(this.#position, this.#nextBatchOffset);
        if (this.#position >= end || !this.#openBatch()) {
          break;
        }
        continue;
      }
      const record = this.#nextRecord(end);
      if (record !== undefined) {
        collect(record);
        count += 1;
      }
      if (this.#recordsLeft === 0) {
        this.#position = Math.max(this.#position, this.#nextBatchOffset);
      }
    }
    return count;
  }

  /** True when a further `read` gives nothing. */
  get isDone(): boolean {
    return this.#recordsLeft === 0 && completeBatchBytes(this.#set.records, this.#batchAt) === 0;
  }

  /** Opens the next whole batch; false when there is none. A batch without records for us is passed over (I2). */
  #openBatch(): boolean {
    const bytes = this.#set.records;
    const at = this.#batchAt;
    const size = completeBatchBytes(bytes, at);
    if (size === 0) {
      return false;
    }
    const batch = bytes.subarray(at, at + size);
    this.#batchAt = at + size;
    this.#check(batch);
    const attributes = batch.readInt16BE(21);
    this.#baseOffset = Number(batch.readBigInt64BE(0));
    this.#nextBatchOffset = this.#baseOffset + batch.readInt32BE(23) + 1;
    if (this.#nextBatchOffset <= this.#fetchOffset || this.#isHidden(batch, attributes)) {
      return true;
    }
    this.#baseTimestampMs = Number(batch.readBigInt64BE(27));
    this.#appendTimeMs = (attributes & TIMESTAMP_IS_APPEND_TIME) === 0 ? -1 : Number(batch.readBigInt64BE(35));
    const codec = attributes & CODEC_MASK;
    const packed = batch.subarray(BATCH_HEADER_BYTES);
    this.#records = codec === 0 ? packed : this.#limits.decompress(codec, packed);
    this.#recordsLeft = batch.readInt32BE(57);
    this.#recordAt = 0;
    return true;
  }

  #check(batch: Buffer): void {
    const where = `${this.#set.topic}-${this.#set.partition}, batch at offset ${batch.readBigInt64BE(0)}`;
    const magic = batch.readInt8(16);
    if (magic !== 2) {
      throw new StreamError({
        code: 'kafka-legacy-format',
        reaction: 'fail-job',
        message: `${where}: message format ${magic} is not supported.`,
        remedy: 'Rewrite the topic with Kafka 0.11 or newer (format 2), or start behind the old records.',
      });
    }
    if (this.#limits.crc32c(batch.subarray(21)) >>> 0 !== batch.readUInt32BE(17)) {
      throw new StreamError({
        code: 'kafka-corrupt-batch',
        reaction: 'restart-job',
        message: `${where}: the checksum is wrong; the batch was damaged on its way or on the broker's disk.`,
        remedy: 'If it happens again at the same offset, restore that partition from a replica.',
      });
    }
  }

  /** I2: control batches, and data of transactions that were aborted. */
  #isHidden(batch: Buffer, attributes: number): boolean {
    const { aborted } = this.#set;
    const producerId = batch.readBigInt64BE(43);
    for (;;) {
      const next = aborted[this.#abortedNext];
      if (next === undefined || next.firstOffset >= BigInt(this.#nextBatchOffset)) {
        break;
      }
      this.#abortedProducers.add(next.producerId);
      this.#abortedNext += 1;
    }
    if ((attributes & CONTROL) !== 0) {
      if (isAbortMarker(batch)) {
        this.#abortedProducers.delete(producerId);
      }
      return true;
    }
    return (attributes & TRANSACTIONAL) !== 0 && this.#abortedProducers.has(producerId);
  }

  /** The next record of the open batch; undefined when it lies outside of what was asked for. */
  #nextRecord(end: number): SourceRecord | undefined {
    const bytes = this.#records;
    const size = readVarint(bytes, this.#recordAt);
    const start = varintEnd;
    this.#recordAt = start + size;
    this.#recordsLeft -= 1;
    if (size < 1 || this.#recordAt > bytes.length) {
      throw truncated(this.#set);
    }
    const timestampDelta = readVarlong(bytes, start + 1);
    const offset = this.#baseOffset + readVarint(bytes, varintEnd);
    if (offset < this.#position) {
      return undefined;
    }
    if (offset >= end) {
      this.#recordsLeft = 0;
      this.#nextBatchOffset = end;
      return undefined;
    }
    const keyLength = readVarint(bytes, varintEnd);
    let at = varintEnd;
    const key = keyLength < 0 ? undefined : bytes.subarray(at, at + keyLength);
    at += Math.max(keyLength, 0);
    const valueLength = Math.max(readVarint(bytes, at), 0);
    at = varintEnd;
    const isOversize = valueLength > this.#limits.maxRecordBytes;
    const value = isOversize ? EMPTY : bytes.subarray(at, at + valueLength);
    const headers = this.#readHeaders(bytes, at + valueLength);
    this.#position = offset + 1;
    const timestampMs = this.#appendTimeMs >= 0 ? this.#appendTimeMs : this.#baseTimestampMs + timestampDelta;
    const position = { split: this.#set.split, partition: this.#set.partition, offset: BigInt(offset), timestampMs };
    return isOversize
      ? { key, value, headers, position, oversizeBytes: valueLength }
      : { key, value, headers, position };
  }

  #readHeaders(bytes: Buffer, start: number): Readonly<Record<string, HeaderValue>> {
    const count = readVarint(bytes, start);
    let at = varintEnd;
    if (count <= 0) {
      return NO_HEADERS;
    }
    const headers: Record<string, HeaderValue> = {};
    for (let i = 0; i < count; i += 1) {
      const nameLength = readVarint(bytes, at);
      at = varintEnd;
      const name = this.#names.nameAt(bytes, at, nameLength);
      at += nameLength;
      const length = Math.max(readVarint(bytes, at), 0);
      at = varintEnd;
      headers[name] = bytes.subarray(at, at + length);
      at += length;
    }
    return headers;
  }
}

/** Size of the batch at `at` if all of it is there, else 0 (a response may end inside a batch). */
function completeBatchBytes(bytes: Buffer, at: number): number {
  if (bytes.length - at < BATCH_HEADER_BYTES) {
    return 0;
  }
  const size = bytes.readInt32BE(at + 8) + 12;
  return size <= bytes.length - at ? size : 0;
}

/** The offset to fetch from after this record set, without decoding its records. */
export function offsetBehind(records: Buffer, fetchOffset: bigint): bigint {
  let next = fetchOffset;
  for (let at = 0; ;) {
    const size = completeBatchBytes(records, at);
    if (size === 0) {
      return next;
    }
    const behind = records.readBigInt64BE(at) + BigInt(records.readInt32BE(at + 23)) + 1n;
    next = behind > next ? behind : next;
    at += size;
  }
}

/** A control record's key is `version i16, type i16`; type 0 aborts. */
function isAbortMarker(batch: Buffer): boolean {
  readVarint(batch, BATCH_HEADER_BYTES);
  readVarlong(batch, varintEnd + 1);
  readVarint(batch, varintEnd);
  const keyLength = readVarint(batch, varintEnd);
  return keyLength >= 4 && batch.readInt16BE(varintEnd + 2) === 0;
}

function offsetNumber(offset: bigint): number {
  const value = Number(offset);
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`offset ${offset} is beyond 2^53`);
  }
  return value;
}

function truncated(set: RecordSet): StreamError {
  return new StreamError({
    code: 'kafka-corrupt-batch',
    reaction: 'restart-job',
    message: `${set.topic}-${set.partition}: a record reaches beyond the end of its batch.`,
    remedy: 'If it happens again at the same offset, restore that partition from a replica.',
  });
}
