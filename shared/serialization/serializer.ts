/**
 * How the values of an edge become bytes. An edge without one uses the default serializer (msgpackr, plain data only).
 * Guarantee asked of an implementation: `decode(encode(v))` equals `v`, and `decode` may keep views of the bytes it is given
 * (a received buffer is never reused).
 */
export interface Serializer<T> {
  /** Name and version, part of the job's fingerprint: both ends of an edge must agree on it. */
  readonly id: string;
  encode(value: T): Uint8Array;
  decode(bytes: Buffer): T;
  /**
   * Optional fast path: writes the value at `offset` and returns the offset behind it, or −1 (with nothing that counts
   * written) when the space up to `target.length` is too small.
   */
  encodeInto?(value: T, target: Buffer, offset: number): number;
}

/** Bytes as they are. */
export const bytesSerializer: Serializer<Uint8Array> = {
  id: 'bytes/1',
  encode: (value) => value,
  decode: (bytes) => bytes,
};

/** Text as UTF-8. */
export const stringSerializer: Serializer<string> = {
  id: 'string/1',
  encode: (value) => Buffer.from(value, 'utf8'),
  decode: (bytes) => bytes.toString('utf8'),
};
