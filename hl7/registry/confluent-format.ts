import { Buffer } from 'node:buffer';
import type { SchemaId } from './schema-registry.ts';

const magic = 0;
const headBytes = 5;

/** A value in the Confluent wire format: a zero byte, the schema's id (4 bytes, big endian), the value. */
export function encodeConfluent(id: SchemaId, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + value.length);
  bytes[0] = magic;
  bytes.writeInt32BE(id, 1);
  bytes.set(value, headBytes);
  return bytes;
}

export type ConfluentValue =
  { readonly kind: 'framed'; readonly id: SchemaId; readonly value: Buffer } | { readonly kind: 'not-framed' };

/** Takes the frame off; JSON never begins with a zero byte, so a value without a frame is told for certain. */
export function decodeConfluent(bytes: Buffer): ConfluentValue {
  if (bytes.length < headBytes || bytes[0] !== magic) {
    return { kind: 'not-framed' };
  }
  return { kind: 'framed', id: bytes.readInt32BE(1), value: bytes.subarray(headBytes) };
}
