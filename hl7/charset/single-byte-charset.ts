import type { Charset } from './charset.ts';

/**
 * A set of one byte a character whose lower half is ASCII, made from the platform's decoder. `label` is a WHATWG
 * label; as there, 8859/1 means windows-1252: C1 bytes in hospital data are typographic quotes, not controls.
 */
export function singleByteCharset(name: string, label: string): Charset {
  const table = new TextDecoder(label, { ignoreBOM: true }).decode(Uint8Array.from({ length: 256 }, (_, i) => i));
  const byCharacter = new Map<string, number>();
  for (let byte = 255; byte >= 0; byte -= 1) {
    byCharacter.set(table.charAt(byte), byte);
  }
  byCharacter.delete('\uFFFD');
  return {
    name,
    layout: 'plain',
    fast: 'none',
    decode: (bytes) => {
      let text = '';
      for (const byte of bytes) {
        const character = table.charAt(byte);
        if (character === '\uFFFD') {
          return undefined;
        }
        text += character;
      }
      return text;
    },
    encode: (text) => {
      const bytes = Buffer.allocUnsafe(text.length);
      for (let i = 0; i < text.length; i += 1) {
        const byte = byCharacter.get(text.charAt(i));
        if (byte === undefined) {
          return undefined;
        }
        bytes[i] = byte;
      }
      return bytes;
    },
    mask: (bytes) => bytes,
  };
}
