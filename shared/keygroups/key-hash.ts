/**
 * The hash from a key's serialized bytes to a key group: murmur3_x86_32 of the bytes, then Flink's murmur finish.
 * Source: reference §2.1; Flink `MathUtils.murmurHash`; MurmurHash3.cpp (public domain). The id below is stored in every
 * checkpoint: state written under another hash must not be read as if it were ours.
 */
export const KEY_HASH_ID = 'murmur3_x86_32+flink-murmur/1';

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

function rotl(x: number, n: number): number {
  return (x << n) | (x >>> (32 - n));
}

function mixKey(k: number): number {
  return Math.imul(rotl(Math.imul(k, C1), 15), C2);
}

function mixBits(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  return x | 0;
}

/** murmur3_x86_32 with seed 0, as a signed 32-bit number. */
export function murmur3(bytes: Uint8Array): number {
  const length = bytes.length;
  const body = length & ~3;
  let hash = 0;
  for (let i = 0; i < body; i += 4) {
    const k = at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    hash = (Math.imul(rotl(hash ^ mixKey(k), 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = length - 1; i >= body; i -= 1) {
    tail = (tail << 8) | at(bytes, i);
  }
  if (length > body) {
    hash ^= mixKey(tail);
  }
  return mixBits(hash ^ length);
}

/** Flink's `MathUtils.murmurHash(int)`: a non-negative 31-bit number. */
export function flinkMurmur(code: number): number {
  let hash = rotl(Math.imul(code, C1), 15);
  hash = rotl(Math.imul(hash, C2), 13);
  hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  hash = mixBits(hash ^ 4);
  if (hash >= 0) {
    return hash;
  }
  return hash === -2147483648 ? 0 : -hash;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
