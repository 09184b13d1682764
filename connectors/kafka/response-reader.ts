/**
 * Reads the body of a Kafka response, in classic encodings and in the compact ones of flexible versions (KIP-482). The answer to a
 * flexible request begins with `tags()`: the end of its header. Throws RangeError behind its end.
 */
export class ResponseReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at);
    this.#at += 1;
    return value;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  int64(): bigint {
    const value = this.#bytes.readBigInt64BE(this.#at);
    this.#at += 8;
    return value;
  }

  /** STRING or NULLABLE_STRING; undefined for null. */
  string(): string | undefined {
    const length = this.int16();
    if (length < 0) {
      return undefined;
    }
    return this.bytes(length).toString('utf8');
  }

  /** The next `count` bytes, as a view. */
  bytes(count: number): Buffer {
    if (count < 0 || count > this.remaining) {
      throw new RangeError(`a Kafka response ends ${count - this.remaining} bytes early`);
    }
    const view = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return view;
  }

  /** ARRAY; a null array reads as empty. */
  array<T>(read: (reader: ResponseReader) => T): T[] {
    const count = this.int32();
    const items: T[] = [];
    for (let i = 0; i < count; i += 1) {
      items.push(read(this));
    }
    return items;
  }

  /** UNSIGNED_VARINT. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#at);
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
    }
    throw new RangeError('a Kafka response holds a varint of more than five bytes');
  }

  /** COMPACT_STRING or COMPACT_NULLABLE_STRING; undefined for null. */
  compactString(): string | undefined {
    const length = this.uvarint() - 1;
    return length < 0 ? undefined : this.bytes(length).toString('utf8');
  }

  /** COMPACT_ARRAY; a null array reads as empty. */
  compactArray<T>(read: (reader: ResponseReader) => T): T[] {
    const count = this.uvarint() - 1;
    const items: T[] = [];
    for (let i = 0; i < count; i += 1) {
      items.push(read(this));
    }
    return items;
  }

  /** Passes over the tagged fields at the end of a structure of a flexible version. */
  tags(): void {
    const count = this.uvarint();
    for (let i = 0; i < count; i += 1) {
      this.uvarint(); // the tag
      this.bytes(this.uvarint());
    }
  }
}
