/**
 * UTF-16 and UTF-32 payloads are not ASCII-compatible, so they are turned into UTF-8 before anything else. They are
 * recognised by their byte order mark or by the zero bytes around `MSH` (also `FHS`, `BHS`).
 * `undefined`: some other encoding. `invalid`: wide characters, but broken ones.
 */
export function transcodeWideUnicode(
  bytes: Buffer,
): { readonly kind: 'utf8'; readonly bytes: Buffer } | { readonly kind: 'invalid' } | undefined {
  const form = wideFormOf(bytes);
  if (form === undefined) {
    return undefined;
  }
  const text = form.width === 2 ? decodeUtf16(bytes, form) : decodeUtf32(bytes, form);
  return text === undefined ? { kind: 'invalid' } : { kind: 'utf8', bytes: Buffer.from(text, 'utf8') };
}

interface WideForm {
  readonly width: 2 | 4;
  readonly isLittleEndian: boolean;
}

function wideFormOf(bytes: Buffer): WideForm | undefined {
  if (bytes.length < 4) {
    return undefined;
  }
  const first = bytes.readUInt32BE(0);
  if (first === 0xfffe0000) {
    return { width: 4, isLittleEndian: true };
  }
  if (first === 0x0000feff) {
    return { width: 4, isLittleEndian: false };
  }
  if (first >>> 16 === 0xfffe || isLetter(first >>> 24, first & 0x00ff00ff, (first >>> 8) & 0xff)) {
    return { width: 2, isLittleEndian: true };
  }
  if (first >>> 16 === 0xfeff || isLetter((first >>> 16) & 0xff, first & 0xff00ff00, first & 0xff)) {
    return { width: 2, isLittleEndian: false };
  }
  return undefined;
}

/** Two characters such as `MS`, `FH` or `BH`, each beside a zero byte. */
function isLetter(one: number, zeroes: number, two: number): boolean {
  return zeroes === 0 && ((one === 0x4d && two === 0x53) || ((one === 0x46 || one === 0x42) && two === 0x48));
}

function decodeUtf16(bytes: Buffer, form: WideForm): string | undefined {
  try {
    return new TextDecoder(form.isLittleEndian ? 'utf-16le' : 'utf-16be', { fatal: true }).decode(bytes);
  } catch {
    return undefined; // A fatal TextDecoder reports invalid bytes by throwing; that is an answer here, not a failure.
  }
}

function decodeUtf32(bytes: Buffer, form: WideForm): string | undefined {
  if (bytes.length % 4 !== 0) {
    return undefined;
  }
  const pieces: string[] = [];
  for (let at = 4; at < bytes.length; at += 4) {
    const point = form.isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      return undefined;
    }
    pieces.push(String.fromCodePoint(point));
  }
  return pieces.join('');
}
