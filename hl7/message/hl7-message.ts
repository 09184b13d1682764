import type { Charset } from '../charset/charset.ts';
import { unescape, type UnescapeOptions } from '../escape/unescape.ts';
import type { GroupResolver } from '../path/group-resolver.ts';
import { readPath, requirePath } from '../path/locate-path.ts';
import type { Delimiters } from './delimiters.ts';
import { countByte, findByte } from './find-byte.ts';
import type { SegmentIndex } from './segment-index.ts';

/** Whether a field is there: `null` is HL7's `""`, which tells the receiver to delete what it has stored. */
export type Presence = 'absent' | 'empty' | 'null' | 'value';

/** What `parseMessage` found out; `Hl7Message` is not made any other way. */
export interface MessageParts {
  /** The input, as it came. */
  readonly bytes: Buffer;
  /** What values are cut from: `bytes`, or their UTF-8 transcript when they were UTF-16 or UTF-32. */
  readonly source: Buffer;
  /** `source` with the bytes of multi-byte characters masked, where they could be taken for delimiters. */
  readonly scan: Buffer;
  /** The bytes of `source` as a latin1 string, when it is small and not masked: faster to search and to cut. */
  readonly text: string | undefined;
  /** Whether one byte is one character of the same code everywhere (ASCII bytes, 8859/1): then `text` is the text. */
  readonly isLatin1: boolean;
  readonly delimiters: Delimiters;
  readonly segments: SegmentIndex;
  readonly charset: Charset;
  /** Whether the escape character occurs after the header's own. */
  readonly hasEscapes: boolean;
  readonly formatting: 'keep' | 'render';
}

const QUOTE = 0x22;
/** Fields longer than this are searched natively. */
const FIELD_LONG_MIN = 256;
/** Up to here looking at each byte of a value is cheaper than a call into native code. */
const VALUE_SHORT_MAX = 64;

/**
 * One HL7 v2 message, read lazily from its bytes and never changed.
 *
 * I1 Nothing of the input is copied or altered: `bytes` is what was parsed, so parse then serialise is the identity.
 * I2 Access allocates only the string it returns. Fields are found by scanning forward from the field found last, so
 *    reading a segment in order costs one pass over it, and no access costs more than one pass over its segment.
 * I3 No accessor throws on any content; what is not there is `undefined`, 0, `''` or -1 by its type.
 *
 * Segments count from 0; fields, repetitions, components and subcomponents from 1, as HL7 counts them.
 */
export class Hl7Message {
  readonly bytes: Buffer;
  readonly delimiters: Delimiters;
  readonly charset: Charset;
  readonly segmentCount: number;

  readonly #source: Buffer;
  readonly #scan: Buffer;
  readonly #text: string | undefined;
  readonly #isLatin1: boolean;
  readonly #segments: SegmentIndex;
  readonly #hasEscapes: boolean;
  readonly #formatting: 'keep' | 'render';

  /** The field and repetition found last: where the next search may start (I2). */
  #segment = -1;
  #segmentEnd = 0;
  #field = 0;
  #fieldStart = 0;
  #fieldEnd = 0;
  #repetition = 0;
  #repetitionStart = 0;
  #repetitionEnd = 0;
  /** Out-parameters of `#seekPart`. */
  #partStart = 0;
  #partEnd = 0;

  constructor(parts: MessageParts) {
    this.bytes = parts.bytes;
    this.delimiters = parts.delimiters;
    this.charset = parts.charset;
    this.segmentCount = parts.segments.length >> 1;
    this.#source = parts.source;
    this.#scan = parts.scan;
    this.#text = parts.text;
    this.#isLatin1 = parts.isLatin1;
    this.#segments = parts.segments;
    this.#hasEscapes = parts.hasEscapes;
    this.#formatting = parts.formatting;
  }

  /** The name in upper case, `''` when there is no such segment. */
  segmentName(segment: number): string {
    const start = this.#segments[segment * 2];
    return start === undefined ? '' : nameAt(this.#scan, start);
  }

  /** The first segment of this name at or after `from`, or -1. */
  findSegment(name: string, from = 0): number {
    const wanted = packName(name);
    for (let segment = Math.max(from, 0); segment < this.segmentCount; segment += 1) {
      const at = this.#segments[segment * 2] ?? 0;
      const scan = this.#scan;
      // Names are validated, so folding case by one bit cannot confuse two of them.
      const packed = ((scan[at] ?? 0) << 16) | ((scan[at + 1] ?? 0) << 8) | (scan[at + 2] ?? 0);
      if ((packed & 0xdfdfdf) === wanted) {
        return segment;
      }
    }
    return -1;
  }

  /** How many segments have this name. */
  countSegments(name: string): number {
    let count = 0;
    for (let segment = this.findSegment(name); segment >= 0; segment = this.findSegment(name, segment + 1)) {
      count += 1;
    }
    return count;
  }

  /** The number of the last field, counted as HL7 does (MSH-1 is the separator itself). */
  fieldCount(segment: number): number {
    const start = this.#segments[segment * 2];
    const end = this.#segments[segment * 2 + 1];
    if (start === undefined || end === undefined) {
      return 0;
    }
    const separators = countByte(this.#scan, this.delimiters.field, start + 3, end);
    return this.#isHeader(segment) ? separators + 1 : separators;
  }

  /** 0 when the field is absent or empty. */
  repetitionCount(segment: number, field: number): number {
    if (!this.#seekField(segment, field) || this.#fieldStart === this.#fieldEnd) {
      return 0;
    }
    if (this.#isDelimiterField(segment, field)) {
      return 1;
    }
    return countByte(this.#scan, this.delimiters.repetition, this.#fieldStart, this.#fieldEnd) + 1;
  }

  /** 0 when the repetition is absent or empty. */
  componentCount(segment: number, field: number, repetition = 1): number {
    if (!this.#seekRepetition(segment, field, repetition) || this.#repetitionStart === this.#repetitionEnd) {
      return 0;
    }
    if (this.#isDelimiterField(segment, field)) {
      return 1;
    }
    return countByte(this.#scan, this.delimiters.component, this.#repetitionStart, this.#repetitionEnd) + 1;
  }

  /** 0 when the component is absent or empty. */
  subcomponentCount(segment: number, field: number, repetition: number, component: number): number {
    if (!this.#seekPart(segment, field, repetition, component, undefined) || this.#partStart === this.#partEnd) {
      return 0;
    }
    return countByte(this.#scan, this.delimiters.subcomponent, this.#partStart, this.#partEnd) + 1;
  }

  /**
   * The text of a subcomponent (by default the first of the first), in Unicode, escapes decoded. Undefined when it is
   * absent, empty or HL7's null; `presence` tells which.
   */
  value(segment: number, field: number, repetition = 1, component = 1, subcomponent = 1): string | undefined {
    const isDelimiter = this.#isDelimiterField(segment, field);
    const isFound =
      repetition === 1 && !isDelimiter
        ? this.#seekFirst(segment, field, component, subcomponent)
        : this.#seekPart(segment, field, repetition, component, subcomponent);
    if (!isFound) {
      return undefined;
    }
    const start = this.#partStart;
    const end = this.#partEnd;
    if (start >= end || this.#isNull(start, end)) {
      return undefined;
    }
    return isDelimiter ? this.#slice(start, end) : this.#decode(start, end);
  }

  /** As `value`, but says why there is none. Without a component it looks at the whole repetition. */
  presence(segment: number, field: number, repetition = 1, component?: number, subcomponent?: number): Presence {
    if (component === undefined) {
      if (!this.#seekRepetition(segment, field, repetition)) {
        return 'absent';
      }
      return this.#presenceOf(this.#repetitionStart, this.#repetitionEnd);
    }
    return this.#seekPart(segment, field, repetition, component, subcomponent)
      ? this.#presenceOf(this.#partStart, this.#partEnd)
      : 'absent';
  }

  /**
   * One repetition of a field as text, its component and subcomponent separators kept and its escapes decoded (so
   * for people, not for splitting). Undefined when absent, empty or null.
   */
  fieldText(segment: number, field: number, repetition = 1): string | undefined {
    if (!this.#seekRepetition(segment, field, repetition)) {
      return undefined;
    }
    const start = this.#repetitionStart;
    const end = this.#repetitionEnd;
    if (start >= end || this.#isNull(start, end)) {
      return undefined;
    }
    return this.#isDelimiterField(segment, field) ? this.#slice(start, end) : this.#decode(start, end);
  }

  /** The text of a whole component, its subcomponent separators kept; undefined when absent, empty or null. */
  componentText(segment: number, field: number, repetition: number, component: number): string | undefined {
    if (!this.#seekPart(segment, field, repetition, component, undefined)) {
      return undefined;
    }
    const start = this.#partStart;
    const end = this.#partEnd;
    return start >= end || this.#isNull(start, end) ? undefined : this.#decode(start, end);
  }

  /** A whole segment as text, escapes kept; undefined when there is none. */
  segmentText(segment: number): string | undefined {
    const raw = this.rawSegment(segment);
    return raw.length === 0 ? undefined : (this.charset.decode(raw) ?? raw.latin1Slice(0, raw.length));
  }

  /** The undecoded bytes of a field, all repetitions: a view, no copy; empty when absent. UTF-8 for UTF-16 input. */
  rawField(segment: number, field: number): Buffer {
    return this.#seekField(segment, field)
      ? this.#source.subarray(this.#fieldStart, this.#fieldEnd)
      : this.#source.subarray(0, 0);
  }

  /** The undecoded bytes of a segment without its terminator: a view, no copy; empty when absent. */
  rawSegment(segment: number): Buffer {
    const start = this.#segments[segment * 2] ?? 0;
    return this.#source.subarray(start, this.#segments[segment * 2 + 1] ?? start);
  }

  /** The bytes that delimiters are searched in: `source`, multi-byte characters masked. For readers of whole segments. */
  get scan(): Buffer {
    return this.#scan;
  }

  /** Offset in `scan` behind a segment's last byte; -1 when absent. */
  segmentEnd(segment: number): number {
    return this.#segments[segment * 2 + 1] ?? -1;
  }

  /** The text between two offsets of `scan`, in Unicode, escapes decoded. */
  textBetween(start: number, end: number): string {
    return this.#decode(start, end);
  }

  /** Byte offset of a segment in `source` (which is `bytes`, save for UTF-16 and UTF-32); -1 when absent. */
  segmentPosition(segment: number): number {
    return this.#segments[segment * 2] ?? -1;
  }

  /** Byte offset of a field, or of its segment when the field is absent; -1 when both are. */
  fieldPosition(segment: number, field: number): number {
    return this.#seekField(segment, field) ? this.#fieldStart : this.segmentPosition(segment);
  }

  /**
   * The value at a path: `PID-3(2).4.2`, `OBX(3)-5`, and with a resolver `ORDER_OBSERVATION(2)/OBX(1)-5`. Throws on a
   * path that does not compile, as that is never the message's fault.
   */
  get(path: string, groups?: GroupResolver): string | undefined {
    return readPath(this, requirePath(path), groups);
  }

  /** Decodes bytes that were cut out of this message, for example with `rawField`: character set and escapes. */
  decodeBytes(bytes: Buffer): string {
    return this.#unescape(this.charset.decode(bytes) ?? bytes.latin1Slice(0, bytes.length));
  }

  /** What segments, fields and positions are cut from: `bytes`, or their UTF-8 transcript for UTF-16 and UTF-32. */
  get source(): Buffer {
    return this.#source;
  }

  #isHeader(segment: number): boolean {
    return segment === 0;
  }

  /** MSH-1 and MSH-2 declare the delimiters, so they are not split or unescaped by them. */
  #isDelimiterField(segment: number, field: number): boolean {
    return field <= 2 && segment === 0;
  }

  #seekField(segment: number, field: number): boolean {
    if (segment !== this.#segment) {
      const start = this.#segments[segment * 2];
      const end = this.#segments[segment * 2 + 1];
      if (start === undefined || end === undefined) {
        return false;
      }
      this.#segment = segment;
      this.#segmentEnd = end;
      this.#rewind(start, segment);
    } else if (field < this.#field) {
      this.#rewind(this.#segments[segment * 2] ?? 0, segment);
    }
    return field === this.#field || this.#advance(field);
  }

  /** Stands before the first field: on the segment name, or for MSH on MSH-1, whose text is the separator itself. */
  #rewind(start: number, segment: number): void {
    const isHeader = this.#isHeader(segment);
    this.#field = isHeader ? 1 : 0;
    this.#fieldStart = isHeader ? start + 3 : start;
    this.#fieldEnd = isHeader ? start + 4 : Math.min(start + 3, this.#segmentEnd);
    this.#repetition = 0;
  }

  #advance(field: number): boolean {
    const scan = this.#scan;
    const end = this.#segmentEnd;
    const separator = this.delimiters.field;
    let number = this.#field;
    if (field < number || field < 1) {
      return false;
    }
    let from = this.#fieldStart;
    // MSH-1 is a separator that nothing separates from MSH-2.
    let to = this.#isHeader(this.#segment) && number === 1 ? this.#fieldEnd - 1 : this.#fieldEnd;
    while (number < field) {
      if (to >= end) {
        return false; // The cursor stays on the last field it stood on.
      }
      from = to + 1;
      to = findByte(scan, separator, from, end);
      number += 1;
    }
    this.#field = number;
    this.#fieldStart = from;
    this.#fieldEnd = to;
    this.#repetition = 0;
    return true;
  }

  #seekRepetition(segment: number, field: number, repetition: number): boolean {
    if (!this.#seekField(segment, field)) {
      return false;
    }
    if (this.#isDelimiterField(segment, field)) {
      this.#repetitionStart = this.#fieldStart;
      this.#repetitionEnd = this.#fieldEnd;
      return repetition === 1;
    }
    let number = this.#repetition;
    if (number === repetition) {
      return number > 0;
    }
    let from = this.#repetitionStart;
    let to = this.#repetitionEnd;
    if (number === 0 || repetition < number) {
      number = 1;
      from = this.#fieldStart;
      to = findByte(this.#scan, this.delimiters.repetition, from, this.#fieldEnd);
    }
    while (number < repetition && to < this.#fieldEnd) {
      from = to + 1;
      to = findByte(this.#scan, this.delimiters.repetition, from, this.#fieldEnd);
      number += 1;
    }
    this.#repetition = number;
    this.#repetitionStart = from;
    this.#repetitionEnd = to;
    return number === repetition;
  }

  /** Finds a subcomponent, or the whole component when `subcomponent` is undefined, into `#partStart`, `#partEnd`. */
  #seekPart(
    segment: number,
    field: number,
    repetition: number,
    component: number,
    subcomponent: number | undefined,
  ): boolean {
    if (!this.#seekRepetition(segment, field, repetition)) {
      return false;
    }
    this.#partStart = this.#repetitionStart;
    this.#partEnd = this.#repetitionEnd;
    if (this.#isDelimiterField(segment, field)) {
      return component === 1 && (subcomponent ?? 1) === 1;
    }
    return (
      this.#narrow(this.delimiters.component, component) &&
      (subcomponent === undefined || this.#narrow(this.delimiters.subcomponent, subcomponent))
    );
  }

  /**
   * `#seekPart` for the first repetition, where nearly all values are: one pass over the field's bytes that stops at
   * the end of the piece. Long fields go the other way, whose searches are native.
   */
  #seekFirst(segment: number, field: number, component: number, subcomponent: number): boolean {
    if (!this.#seekField(segment, field)) {
      return false;
    }
    const end = this.#fieldEnd;
    let from = this.#fieldStart;
    if (end - from > FIELD_LONG_MIN) {
      return this.#seekPart(segment, field, 1, component, subcomponent);
    }
    const scan = this.#scan;
    const { component: componentByte, subcomponent: subcomponentByte, repetition } = this.delimiters;
    let at = from;
    if (component === 1 && subcomponent === 1) {
      for (; at < end; at += 1) {
        const byte = scan[at];
        if (byte === componentByte || byte === subcomponentByte || byte === repetition) {
          break;
        }
      }
      this.#partStart = from;
      this.#partEnd = at;
      return true;
    }
    let components = component;
    let subcomponents = subcomponent;
    for (; at < end; at += 1) {
      const byte = scan[at];
      if (byte === componentByte) {
        if (components === 1) {
          break;
        }
        components -= 1;
        from = at + 1;
      } else if (byte === subcomponentByte) {
        if (components === 1) {
          if (subcomponents === 1) {
            break;
          }
          subcomponents -= 1;
          from = at + 1;
        }
      } else if (byte === repetition) {
        break;
      }
    }
    this.#partStart = from;
    this.#partEnd = at;
    return components === 1 && subcomponents === 1;
  }

  /** Narrows the part to its `number`-th piece between separators. */
  #narrow(separator: number, number: number): boolean {
    const scan = this.#scan;
    const end = this.#partEnd;
    let from = this.#partStart;
    let to = findByte(scan, separator, from, end);
    for (let piece = 1; piece < number; piece += 1) {
      if (to >= end) {
        return false;
      }
      from = to + 1;
      to = findByte(scan, separator, from, end);
    }
    this.#partStart = from;
    this.#partEnd = to;
    return number >= 1;
  }

  #presenceOf(start: number, end: number): Presence {
    if (start >= end) {
      return 'empty';
    }
    return this.#isNull(start, end) ? 'null' : 'value';
  }

  #isNull(start: number, end: number): boolean {
    return end === start + 2 && this.#scan[start] === QUOTE && this.#scan[start + 1] === QUOTE;
  }

  #decode(start: number, end: number): string {
    if (!this.#hasEscapes || findByte(this.#scan, this.delimiters.escape, start, end) === end) {
      return this.#slice(start, end);
    }
    return this.#unescape(this.#slice(start, end));
  }

  #slice(start: number, end: number): string {
    const text = this.#text;
    if (text !== undefined && (this.#isLatin1 || this.#isShortAscii(start, end))) {
      return text.substring(start, end);
    }
    if (this.#isLatin1) {
      return this.#source.latin1Slice(start, end);
    }
    switch (this.charset.fast) {
      case 'latin1':
        return this.#source.latin1Slice(start, end);
      case 'utf8':
        return this.#source.utf8Slice(start, end);
      case 'none': {
        // The whole message was valid in its set. A piece can only be invalid where a delimiter cut a character, and
        // then its bytes are shown one by one rather than replaced.
        const piece = this.#source.subarray(start, end);
        return this.charset.decode(piece) ?? piece.latin1Slice(0, piece.length);
      }
    }
  }

  /** Most values of a message in any set are ASCII. (`#text` is there only where ASCII bytes are ASCII.) */
  #isShortAscii(start: number, end: number): boolean {
    if (end - start > VALUE_SHORT_MAX) {
      return false;
    }
    for (let at = start; at < end; at += 1) {
      if ((this.#source[at] ?? 0) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  #unescape(text: string): string {
    const options: UnescapeOptions = {
      formatting: this.#formatting,
      decodeHex: (digits) => this.charset.decode(Buffer.from(digits, 'hex')),
    };
    return unescape(text, this.delimiters, options);
  }
}

const names = new Map<number, string>();

/** Names are few (26 × 36 × 36 at most), so each is made once. */
function nameAt(scan: Buffer, at: number): string {
  const packed = ((scan[at] ?? 0) << 16) | ((scan[at + 1] ?? 0) << 8) | (scan[at + 2] ?? 0);
  const known = names.get(packed);
  if (known !== undefined) {
    return known;
  }
  const name = scan.latin1Slice(at, at + 3).toUpperCase();
  names.set(packed, name);
  return name;
}

function packName(name: string): number {
  return ((name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2)) & 0xdfdfdf;
}
