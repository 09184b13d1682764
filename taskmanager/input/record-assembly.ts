import { malformed } from './element-codec.ts';

/**
 * Puts a record together that came in several frames. Bounded: the first part names the whole length, which is refused
 * above the limit before anything is allocated.
 */
export class RecordAssembly {
  readonly #bytesMax: number;
  #record: Buffer | undefined;
  #filled = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isOpen(): boolean {
    return this.#record !== undefined;
  }

  /** @throws StreamError `exchange-malformed` */
  begin(totalBytes: number): void {
    if (this.#record !== undefined) {
      throw malformed('a record began inside another');
    }
    if (totalBytes > this.#bytesMax) {
      throw malformed(`a record of ${totalBytes} bytes, above the limit of ${this.#bytesMax}`);
    }
    this.#record = Buffer.allocUnsafeSlow(totalBytes);
    this.#filled = 0;
  }

  /** Adds a part; gives the record when it is whole. @throws StreamError `exchange-malformed` */
  append(part: Buffer): Buffer | undefined {
    const record = this.#record;
    if (record === undefined || this.#filled + part.length > record.length) {
      throw malformed('a part of a record that does not belong to one');
    }
    record.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled < record.length) {
      return undefined;
    }
    this.#record = undefined;
    return record;
  }
}
