/**
 * The 32-bit murmur2 of Kafka's clients (`org.apache.kafka.common.utils.Utils.murmur2`), as a signed number.
 * Another function than our key-group hash on purpose: with the same one, the keys of one partition would meet in few
 * key groups.
 */
export function murmur2(bytes: Uint8Array, length = bytes.length): number {
  const m = 0x5bd1e995;
  let hash = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let k =
      byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    hash = Math.imul(hash, m);
    hash ^= k;
  }
  const rest = length - at;
  if (rest >= 3) {
    hash ^= byteAt(bytes, at + 2) << 16;
  }
  if (rest >= 2) {
    hash ^= byteAt(bytes, at + 1) << 8;
  }
  if (rest >= 1) {
    hash ^= byteAt(bytes, at);
    hash = Math.imul(hash, m);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, m);
  hash ^= hash >>> 15;
  return hash;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

/** The partition that Kafka's default partitioner gives a key: murmur2, made positive, modulo the number of partitions. */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}

/** Room for the UTF-8 of a usual key, so that hashing one allocates nothing. */
const scratch = Buffer.alloc(1_024);

/** The same for a key that is text: its UTF-8 is hashed. */
export function partitionOfText(key: string, partitionCount: number): number {
  if (key.length * 3 > scratch.length) {
    return partitionOfKey(Buffer.from(key, 'utf8'), partitionCount);
  }
  let length = key.length;
  for (let i = 0; i < key.length; i += 1) {
    const code = key.charCodeAt(i);
    if (code > 127) {
      length = scratch.write(key, 'utf8');
      break;
    }
    scratch[i] = code;
  }
  return (murmur2(scratch, length) & 0x7fffffff) % partitionCount;
}
