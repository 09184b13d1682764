import { MllpDecoder, type MllpDecoderOptions, VT } from './mllp-decoder.ts';
import type { MllpEvent } from './mllp-event.ts';

/** Decodes a whole stream at once: a file, or a Kafka value that still has its framing. */
export function decodeMllp(bytes: Uint8Array, options: MllpDecoderOptions = {}): readonly MllpEvent[] {
  const decoder = new MllpDecoder(options);
  return [...decoder.push(bytes), ...decoder.end()];
}

/**
 * Whether bytes are an MLLP stream rather than a bare payload: a start block stands first (after white space and
 * zeroes), or somewhere right before a header segment.
 */
export function isMllpFramed(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let vt = buffer.indexOf(VT); vt >= 0; vt = buffer.indexOf(VT, vt + 1)) {
    const name = buffer.latin1Slice(vt + 1, Math.min(vt + 4, buffer.length));
    if (name === 'MSH' || name === 'FHS' || name === 'BHS' || isOnlyNoise(buffer, vt)) {
      return true;
    }
  }
  return false;
}

function isOnlyNoise(buffer: Buffer, to: number): boolean {
  for (let at = 0; at < to; at += 1) {
    const byte = buffer[at] ?? 0;
    const isWhiteSpace = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d && byte !== VT);
    if (byte !== 0 && !isWhiteSpace) {
      return false;
    }
  }
  return true;
}
