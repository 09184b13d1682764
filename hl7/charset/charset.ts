/**
 * One character set of HL7 table 0211. `layout` says how bytes of characters can collide with delimiters:
 * `plain`: every delimiter byte is a delimiter (ASCII, UTF-8, ISO 8859, EUC);
 * `masked`: trail bytes may equal delimiters, so `mask` must blank them before splitting (Shift_JIS, Big5, GB 18030,
 * ISO 2022 double-byte sets).
 */
export interface Charset {
  /** The name in HL7 table 0211, or the common name of a vendor's set. */
  readonly name: string;
  readonly layout: 'plain' | 'masked';
  /** How values may be cut out: `latin1` one byte a character as in ISO 8859-1, `utf8`, or only by `decode`. */
  readonly fast: 'latin1' | 'utf8' | 'none';
  /** The text of these bytes, or undefined when they are not valid in this set. Never replaces characters. */
  decode(bytes: Buffer): string | undefined;
  /** The bytes of this text, or undefined when the set lacks one of its characters. */
  encode(text: string): Buffer | undefined;
  /** A copy, same length, in which no byte of a multi-byte character can be taken for a delimiter or terminator. */
  mask(bytes: Buffer): Buffer;
}
