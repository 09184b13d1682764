/** What stands between two escape characters (HL7 v2 chapter 2, "Use of escape sequences in text fields"). */
export type EscapeSequence =
  | { readonly kind: 'delimiter'; readonly which: 'F' | 'S' | 'T' | 'R' | 'E' | 'P' }
  | { readonly kind: 'hex'; readonly digits: string }
  | { readonly kind: 'charset' } // \C..\ and \M..\: ISO 2022 switches
  | { readonly kind: 'format'; readonly command: string; readonly count: number } // \H\ \N\ \.br\ \.sp+2\ …
  | { readonly kind: 'local' } // \Z…\
  | { readonly kind: 'unknown' };

const FORMAT = /^\.(br|sp|fi|nf|in|ti|sk|ce)([+-]?\d{0,3})$/;
const HEX = /^X(?:[0-9A-Fa-f]{2})+$/;
const CHARSET = /^(?:C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?)$/;

/** Says what a sequence is, given the characters between its two escape characters. */
export function classifyEscape(body: string): EscapeSequence {
  switch (body) {
    case 'F':
    case 'S':
    case 'T':
    case 'R':
    case 'E':
    case 'P':
      return { kind: 'delimiter', which: body };
    case 'H':
    case 'N':
      return { kind: 'format', command: body, count: 0 };
    default:
      return classifyLongEscape(body);
  }
}

function classifyLongEscape(body: string): EscapeSequence {
  if (HEX.test(body)) {
    return { kind: 'hex', digits: body.slice(1) };
  }
  if (CHARSET.test(body)) {
    return { kind: 'charset' };
  }
  const format = FORMAT.exec(body);
  if (format !== null) {
    const digits = format[2] ?? '';
    return { kind: 'format', command: format[1] ?? '', count: /\d/.test(digits) ? Number(digits) : 1 };
  }
  return body.startsWith('Z') && body.length > 1 ? { kind: 'local' } : { kind: 'unknown' };
}

const LOOKS_LIKE_ESCAPE = /^[A-Za-z.][A-Za-z0-9.+-]{0,31}$/;

/**
 * Whether an unknown body still has the shape of a sequence. If so both its escape characters belong together and
 * stay; if not (`lone \ backslash and \T\`) the first is a stray one and the second may open a real sequence.
 */
export function hasEscapeShape(body: string): boolean {
  return LOOKS_LIKE_ESCAPE.test(body);
}
