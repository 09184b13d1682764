/** Names remembered per reader; a topic uses a handful, and one that invents names must not grow memory. */
const NAMES_MAX = 256;

interface Known {
  readonly bytes: Buffer;
  readonly name: string;
}

/**
 * Turns the bytes of header names into text, remembering the names seen: comparing a few bytes is several times cheaper than
 * decoding them, and every record repeats the same names.
 */
export class HeaderNames {
  readonly #known = new Map<number, Known>();

  nameAt(bytes: Buffer, at: number, length: number): string {
    const hint = length * 65_536 + (bytes[at] ?? 0) * 256 + (bytes[at + length - 1] ?? 0);
    const known = this.#known.get(hint);
    if (known?.bytes.length === length && isEqual(known.bytes, bytes, at)) {
      return known.name;
    }
    const text = bytes.toString('utf8', at, at + length);
    // Set as a plain property this name would replace the object's prototype instead.
    const name = text === '__proto__' ? '__proto__ ' : text;
    if (known === undefined && this.#known.size < NAMES_MAX) {
      this.#known.set(hint, { bytes: Buffer.from(bytes.subarray(at, at + length)), name });
    }
    return name;
  }
}

function isEqual(known: Buffer, bytes: Buffer, at: number): boolean {
  for (let i = 0; i < known.length; i += 1) {
    if (known[i] !== bytes[at + i]) {
      return false;
    }
  }
  return true;
}
