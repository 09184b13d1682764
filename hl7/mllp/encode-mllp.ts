import { FS, VT } from './mllp-decoder.ts';

export type MllpEncoded =
  | { readonly kind: 'framed'; readonly bytes: Buffer }
  | { readonly kind: 'refused'; readonly position: number; readonly sentence: string };

/** Frames a payload: `<VT> payload <FS> <CR>`. A payload that holds VT, or FS before CR, would not arrive whole. */
export function encodeMllp(payload: Uint8Array): MllpEncoded {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const vt = bytes.indexOf(VT);
  const end = bytes.indexOf('\x1c\r', 0, 'latin1');
  const position = vt >= 0 ? vt : end >= 0 ? end : bytes.at(-1) === FS ? bytes.length - 1 : -1;
  if (position >= 0) {
    return { kind: 'refused', position, sentence: 'The payload holds MLLP framing bytes: escape or remove them.' };
  }
  return { kind: 'framed', bytes: Buffer.concat([Buffer.of(VT), bytes, Buffer.of(FS, 0x0d)]) };
}
