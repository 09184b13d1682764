/**
 * Builds the body of a Kafka request. Grows as needed; for requests without records. Classic encodings, and the compact ones of
 * flexible versions (KIP-482). The body of a flexible request begins with `tags()`: the end of its header.
 */
export class RequestWriter {
  #bytes: Buffer;
  #at = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  int8(value: number): this {
    this.#reserve(1);
    this.#at = this.#bytes.writeInt8(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
    return this;
  }

  int64(value: bigint): this {
    this.#reserve(8);
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
    return this;
  }

  /** STRING, or NULLABLE_STRING when undefined. */
  string(value: string | undefined): this {
    if (value === undefined) {
      return this.int16(-1);
    }
    const length = Buffer.byteLength(value);
    this.int16(length);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at, 'utf8');
    return this;
  }

  /** ARRAY: the count, then each item by `write`. */
  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) {
      write(item);
    }
    return this;
  }

  /** UNSIGNED_VARINT. */
  uvarint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.#uint8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.#uint8(rest);
  }

  /** COMPACT_STRING, or COMPACT_NULLABLE_STRING when undefined. */
  compactString(value: string | undefined): this {
    if (value === undefined) {
      return this.uvarint(0);
    }
    const length = Buffer.byteLength(value);
    this.uvarint(length + 1);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at, 'utf8');
    return this;
  }

  /** COMPACT_ARRAY. */
  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1);
    for (const item of items) {
      write(item);
    }
    return this;
  }

  /** No tagged fields: the end of every structure of a flexible version. */
  tags(): this {
    return this.uvarint(0);
  }

  /** What was written. The writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #uint8(value: number): this {
    this.#reserve(1);
    this.#at = this.#bytes.writeUInt8(value, this.#at);
    return this;
  }

  #reserve(count: number): void {
    if (this.#at + count > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
      this.#bytes.copy(grown, 0, 0, this.#at);
      this.#bytes = grown;
    }
  }
}
