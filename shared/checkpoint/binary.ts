/**
 * Bytes as a string with one char (0 to 255) per byte. Keys and values of state are held so: V8 stores them one byte per
 * char inside its heap, compares and sorts them as bytes, hashes them for Map and Set, and collects them without a single
 * pointer to follow. A Buffer of 40 bytes costs over 100 bytes more, and cannot be a Map key.
 */
export type Binary = string;

const NOT_ASCII = /[\x80-\xff]/;

export function binaryOf(bytes: Uint8Array): Binary {
  return viewOf(bytes).latin1Slice(0, bytes.length);
}

export function bytesOf(binary: Binary): Buffer {
  return Buffer.from(binary, 'latin1');
}

/** The UTF-8 bytes of a text. ASCII text is its own binary form. */
export function binaryOfText(text: string): Binary {
  return Buffer.byteLength(text, 'utf8') === text.length ? text : binaryOf(Buffer.from(text, 'utf8'));
}

export function textOfBinary(binary: Binary): string {
  return NOT_ASCII.test(binary) ? bytesOf(binary).toString('utf8') : binary;
}

export function compareBinary(a: Binary, b: Binary): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The least key above every key that begins with `prefix`; undefined when there is none (all bytes 0xff). */
export function prefixEnd(prefix: Binary): Binary | undefined {
  for (let i = prefix.length - 1; i >= 0; i -= 1) {
    const code = prefix.charCodeAt(i);
    if (code < 0xff) {
      return prefix.slice(0, i) + String.fromCharCode(code + 1);
    }
  }
  return undefined;
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
