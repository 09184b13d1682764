import { crc32c as native } from '@node-rs/crc32';

/** CRC-32C (Castagnoli), by the processor's own instruction where it has one: the checksum of Kafka's record batches. */
export function crc32c(bytes: Uint8Array): number {
  return native(bytes);
}
