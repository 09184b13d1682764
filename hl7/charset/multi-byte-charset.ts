import iconv from 'iconv-lite';
import type { Charset } from './charset.ts';

/** What replaces the bytes of a multi-byte character in a mask: no delimiter can have this value. */
const MASKED = 0x80;

/** How many bytes the character at `at` has; 1 for ASCII and for a lead byte without its trail. */
export type CharacterWidth = (bytes: Buffer, at: number) => number;

interface MultiByteOptions {
  readonly name: string;
  /** WHATWG label for decoding (strict) … */
  readonly label: string;
  /** … and iconv-lite's name for encoding; every encoded text is decoded again and compared. */
  readonly encoder: string;
  readonly widthOf: CharacterWidth;
}

/** A set in which a character may take several bytes, whose trail bytes can be delimiters. */
export function multiByteCharset({ name, label, encoder, widthOf }: MultiByteOptions): Charset {
  const strict = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  const decode = (bytes: Buffer): string | undefined => decodeStrictly(strict, bytes);
  return {
    name,
    layout: 'masked',
    fast: 'none',
    decode,
    encode: (text) => {
      const bytes = iconv.encode(text, encoder);
      return decode(bytes) === text ? bytes : undefined;
    },
    mask: (bytes) => {
      const masked = Buffer.from(bytes);
      let at = 0;
      while (at < bytes.length) {
        const width = widthOf(bytes, at);
        if (width > 1) {
          masked.fill(MASKED, at, at + width);
        }
        at += width;
      }
      return masked;
    },
  };
}

function decodeStrictly(decoder: { decode(bytes: Uint8Array): string }, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined; // A fatal TextDecoder reports invalid bytes by throwing; that is an answer here, not a failure.
  }
}

/** Shift_JIS and windows-31J: lead 81–9F, E0–FC, trail 40–7E, 80–FC. */
export function shiftJisWidth(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  const isLead = (lead >= 0x81 && lead <= 0x9f) || (lead >= 0xe0 && lead <= 0xfc);
  return isLead && isTrail(bytes[at + 1] ?? 0, 0x40) ? 2 : 1;
}

/** Big5, CP949 (KS X 1001 with its extension) and the EUC sets: lead 81–FE, trail from 40 up. */
export function doubleByteWidth(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  return lead >= 0x81 && lead <= 0xfe && isTrail(bytes[at + 1] ?? 0, 0x40) ? 2 : 1;
}

/** EUC-JP: as the other EUC sets, and 8F opens a character of three bytes (JIS X 0212). */
export function eucJpWidth(bytes: Buffer, at: number): number {
  if (bytes[at] === 0x8f && (bytes[at + 1] ?? 0) >= 0xa1 && (bytes[at + 2] ?? 0) >= 0xa1) {
    return 3;
  }
  const lead = bytes[at] ?? 0;
  return lead >= 0x8e && (bytes[at + 1] ?? 0) >= 0xa1 ? 2 : 1;
}

/** GB 18030: two bytes as Big5, or four bytes when the second is a digit. */
export function gb18030Width(bytes: Buffer, at: number): number {
  const second = bytes[at + 1] ?? 0;
  if (second >= 0x30 && second <= 0x39 && (bytes[at] ?? 0) >= 0x81 && (bytes[at + 2] ?? 0) >= 0x81) {
    return at + 4 <= bytes.length ? 4 : 1;
  }
  return doubleByteWidth(bytes, at);
}

function isTrail(byte: number, min: number): boolean {
  return byte >= min && byte !== 0x7f && byte !== 0xff;
}
