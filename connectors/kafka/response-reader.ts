/** Reads the body of a Kafka response (the classic, non-flexible encodings). Throws RangeError behind its end. */
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
}
