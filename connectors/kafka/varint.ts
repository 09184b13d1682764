/** Kafka's varints: zigzag, 7 bits per byte, lowest first (as in Protocol Buffers). */

export function varintSize(value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (zigzag > 127) {
    zigzag >>>= 7;
    size += 1;
  }
  return size;
}

export function writeVarint(bytes: Buffer, start: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let at = start;
  while (zigzag > 127) {
    bytes[at] = (zigzag & 127) | 128;
    zigzag >>>= 7;
    at += 1;
  }
  bytes[at] = zigzag;
  return at + 1;
}

/** Varints of numbers beyond 32 bits (timestamp deltas): zigzag by arithmetic, exact to 2^52. */
function zigzagOf(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}

export function varlongSize(value: number): number {
  let zigzag = zigzagOf(value);
  let size = 1;
  while (zigzag > 127) {
    zigzag = Math.floor(zigzag / 128);
    size += 1;
  }
  return size;
}

export function writeVarlong(bytes: Buffer, start: number, value: number): number {
  let zigzag = zigzagOf(value);
  let at = start;
  while (zigzag > 127) {
    bytes[at] = (zigzag % 128) | 128;
    zigzag = Math.floor(zigzag / 128);
    at += 1;
  }
  bytes[at] = zigzag;
  return at + 1;
}

/** Where the last varint ended: a second result without an allocation per number. */
export let varintEnd = 0;

export function readVarint(bytes: Buffer, start: number): number {
  let at = start;
  let byte = bytes[at] ?? 0;
  let value = byte & 127;
  let shift = 7;
  while (byte > 127 && shift < 35) {
    at += 1;
    byte = bytes[at] ?? 0;
    value |= (byte & 127) << shift;
    shift += 7;
  }
  varintEnd = at + 1;
  return (value >>> 1) ^ -(value & 1);
}

/** Up to 2^53: timestamp deltas. */
export function readVarlong(bytes: Buffer, start: number): number {
  let at = start;
  let byte = bytes[at] ?? 0;
  let value = byte & 127;
  let scale = 128;
  while (byte > 127 && at - start < 9) {
    at += 1;
    byte = bytes[at] ?? 0;
    value += (byte & 127) * scale;
    scale *= 128;
  }
  varintEnd = at + 1;
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
