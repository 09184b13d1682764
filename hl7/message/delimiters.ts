/** The delimiters that MSH-1 and MSH-2 declare, as byte values (HL7 v2 chapter 2, "Message delimiters"). */
export interface Delimiters {
  readonly field: number;
  readonly component: number;
  readonly repetition: number;
  readonly escape: number;
  readonly subcomponent: number;
  /** The truncation character, from v2.7 on. */
  readonly truncation: number | undefined;
}

/** `|^~\&` */
export const STANDARD_DELIMITERS: Delimiters = {
  field: 0x7c,
  component: 0x5e,
  repetition: 0x7e,
  escape: 0x5c,
  subcomponent: 0x26,
  truncation: undefined,
};

/** The characters of MSH-2 as a string, for example `^~\&`. */
export function encodingCharacters(delimiters: Delimiters): string {
  const { component, repetition, escape, subcomponent, truncation } = delimiters;
  const four = String.fromCharCode(component, repetition, escape, subcomponent);
  return truncation === undefined ? four : four + String.fromCharCode(truncation);
}

/**
 * Reads the delimiters of the header segment (MSH, FHS, BHS) at `start`. Undefined when they are not 5 (or 6, with
 * the truncation character) distinct printable non-alphanumeric ASCII characters.
 */
export function parseDelimiters(bytes: Buffer, start: number, end: number): Delimiters | undefined {
  const field = bytes[start + 3] ?? 0;
  if (isStandard(bytes, start, end)) {
    return STANDARD_DELIMITERS;
  }
  let stop = start + 4;
  while (stop < end && bytes[stop] !== field && bytes[stop] !== 0x0d && bytes[stop] !== 0x0a) {
    stop += 1;
  }
  const count = stop - start - 4;
  if ((count !== 4 && count !== 5) || !areDistinctPunctuation(bytes, start + 3, stop)) {
    return undefined;
  }
  return {
    field,
    component: bytes[start + 4] ?? 0,
    repetition: bytes[start + 5] ?? 0,
    escape: bytes[start + 6] ?? 0,
    subcomponent: bytes[start + 7] ?? 0,
    truncation: count === 5 ? bytes[start + 8] : undefined,
  };
}

function isStandard(bytes: Buffer, start: number, end: number): boolean {
  return (
    start + 9 <= end &&
    bytes[start + 3] === 0x7c &&
    bytes[start + 4] === 0x5e &&
    bytes[start + 5] === 0x7e &&
    bytes[start + 6] === 0x5c &&
    bytes[start + 7] === 0x26 &&
    bytes[start + 8] === 0x7c
  );
}

function areDistinctPunctuation(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i += 1) {
    const byte = bytes[i] ?? 0;
    if (!isPunctuation(byte) || bytes.subarray(from, i).includes(byte)) {
      return false;
    }
  }
  return true;
}

function isPunctuation(byte: number): boolean {
  const isAlphanumeric =
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return byte > 0x20 && byte < 0x7f && !isAlphanumeric;
}
