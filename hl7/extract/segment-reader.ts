// Reads one segment after another, whole: the hot path of extraction. Where `Hl7Message.value` finds one field, this finds all
// fields of a segment in one pass over its bytes and then cuts what is asked for.
// I1 One reader is in use at a time (extraction is synchronous), so its tables are shared and nothing is allocated per segment.
// I2 It gives what `Hl7Message.value` and `presence` give (a property test holds them together).
import type { Delimiters } from '../message/delimiters.ts';
import type { Hl7Message } from '../message/hl7-message.ts';
import type { Text } from './typed-record.ts';

const COMPONENT = 1;
const REPETITION = 2;
const SUBCOMPONENT = 4;
const FIELD = 8;
const QUOTE = 0x22;

/** Growing tables shared by all readers (I1). `starts[f]` is the offset of field f; `starts[f + 1] - 1` is its end. */
let starts = new Int32Array(256);
let kinds = new Uint8Array(256);
let components = new Int32Array(64);

export class SegmentReader {
  readonly message: Hl7Message;
  /** The segment that is open. */
  segment = -1;
  readonly #scan: Buffer;
  /** What each byte separates. */
  readonly #classes: Uint8Array;
  #fieldCount = 0;
  #kind = 0;
  #componentCount = 0;

  constructor(message: Hl7Message) {
    this.message = message;
    this.#scan = message.scan;
    this.#classes = classesOf(message.delimiters);
  }

  /** Finds the fields of a segment (not MSH, whose fields count differently). */
  open(segment: number): void {
    this.segment = segment;
    const scan = this.#scan;
    const classes = this.#classes;
    const from = this.message.segmentPosition(segment);
    const end = this.message.segmentEnd(segment);
    let field = 0;
    let kind = 0;
    for (let at = from + 3; at < end; at++) {
      const found = classes[scan[at] ?? 0] ?? 0;
      if (found === FIELD) {
        kinds[field] = kind;
        kind = 0;
        field += 1;
        if (field + 2 > starts.length) {
          growFieldTables();
        }
        starts[field] = at + 1;
      } else {
        kind |= found;
      }
    }
    kinds[field] = kind;
    starts[field + 1] = end + 1;
    this.#fieldCount = field;
  }

  /** The first subcomponent of the field's first component and repetition; `null` for the HL7 null. */
  text(field: number): Text {
    if (field > this.#fieldCount) {
      return undefined;
    }
    const start = starts[field] ?? 0;
    const end = (starts[field + 1] ?? 0) - 1;
    if (start >= end) {
      return undefined;
    }
    return this.#cut(
      start,
      kinds[field] === 0 ? end : this.#firstOf(start, end, COMPONENT | REPETITION | SUBCOMPONENT),
    );
  }

  /** Whether the field holds one undivided text. */
  isPlain(field: number): boolean {
    return field > this.#fieldCount || kinds[field] === 0;
  }

  /** The first repetition as a data type; undefined when it is empty, `null` when it is the HL7 null. */
  typed<T>(field: number, read: (reader: SegmentReader) => T): T | null | undefined {
    if (field > this.#fieldCount) {
      return undefined;
    }
    const start = starts[field] ?? 0;
    const end = (starts[field + 1] ?? 0) - 1;
    if (start >= end) {
      return undefined;
    }
    const kind = kinds[field] ?? 0;
    return this.#typedBetween(
      start,
      (kind & REPETITION) === 0 ? end : this.#firstOf(start, end, REPETITION),
      kind,
      read,
    );
  }

  /** All repetitions that hold anything; `null` when the field is the HL7 null. */
  typedList<T>(field: number, read: (reader: SegmentReader) => T): T[] | null | undefined {
    if (field > this.#fieldCount) {
      return undefined;
    }
    const end = (starts[field + 1] ?? 0) - 1;
    let start = starts[field] ?? 0;
    if (start >= end) {
      return undefined;
    }
    const kind = kinds[field] ?? 0;
    if ((kind & REPETITION) === 0) {
      const only = this.#typedBetween(start, end, kind, read);
      if (only === undefined) {
        return undefined;
      }
      return only === null ? null : [only];
    }
    const list: T[] = [];
    while (start <= end) {
      const to = this.#firstOf(start, end, REPETITION);
      const one = this.#typedBetween(start, to, kind, read);
      if (one !== null && one !== undefined) {
        list.push(one);
      }
      start = to + 1;
    }
    return list.length === 0 ? undefined : list;
  }

  /** The number of components of the repetition that is being read. */
  get componentCount(): number {
    return this.#componentCount;
  }

  /** Whether the field that is being read has subcomponents anywhere. */
  get hasSubcomponents(): boolean {
    return (this.#kind & SUBCOMPONENT) !== 0;
  }

  /** A component's first subcomponent, in the repetition that is being read. */
  component(number: number): Text {
    if (number > this.#componentCount) {
      return undefined;
    }
    const start = components[number] ?? 0;
    const end = (components[number + 1] ?? 0) - 1;
    if (start >= end) {
      return undefined;
    }
    return this.#cut(start, (this.#kind & SUBCOMPONENT) === 0 ? end : this.#firstOf(start, end, SUBCOMPONENT));
  }

  /** A subcomponent (from 1) of a component, in the repetition that is being read. */
  subcomponent(number: number, subcomponent: number): Text {
    if ((this.#kind & SUBCOMPONENT) === 0) {
      return subcomponent === 1 ? this.component(number) : undefined;
    }
    if (number > this.#componentCount) {
      return undefined;
    }
    let start = components[number] ?? 0;
    const end = (components[number + 1] ?? 0) - 1;
    let to = this.#firstOf(start, end, SUBCOMPONENT);
    for (let left = subcomponent; left > 1; left--) {
      if (to >= end) {
        return undefined;
      }
      start = to + 1;
      to = this.#firstOf(start, end, SUBCOMPONENT);
    }
    return start >= to ? undefined : this.#cut(start, to);
  }

  #typedBetween<T>(start: number, end: number, kind: number, read: (reader: SegmentReader) => T): T | null | undefined {
    if (start >= end) {
      return undefined;
    }
    if (this.#isNull(start, end)) {
      return null;
    }
    this.#kind = kind;
    this.#splitComponents(start, end);
    return read(this);
  }

  #splitComponents(start: number, end: number): void {
    let count = 1;
    components[1] = start;
    if ((this.#kind & COMPONENT) !== 0) {
      for (let at = start; at < end; at++) {
        if (this.#classes[this.#scan[at] ?? 0] === COMPONENT) {
          count += 1;
          if (count + 2 > components.length) {
            components = grown(components);
          }
          components[count] = at + 1;
        }
      }
    }
    components[count + 1] = end + 1;
    this.#componentCount = count;
  }

  #cut(start: number, end: number): Text {
    if (start >= end) {
      return undefined;
    }
    return this.#isNull(start, end) ? null : this.message.textBetween(start, end);
  }

  #isNull(start: number, end: number): boolean {
    return end - start === 2 && this.#scan[start] === QUOTE && this.#scan[start + 1] === QUOTE;
  }

  /** The first separator of these classes in the span, or its end. */
  #firstOf(start: number, end: number, wanted: number): number {
    for (let at = start; at < end; at++) {
      if (((this.#classes[this.#scan[at] ?? 0] ?? 0) & wanted) !== 0) {
        return at;
      }
    }
    return end;
  }
}

/** Tables by delimiters: all but a few senders use the standard ones. */
const tables = new Map<Delimiters, Uint8Array>();
const tablesMax = 64;

function classesOf(delimiters: Delimiters): Uint8Array {
  const known = tables.get(delimiters);
  if (known !== undefined) {
    return known;
  }
  const table = new Uint8Array(256);
  table[delimiters.component] = COMPONENT;
  table[delimiters.repetition] = REPETITION;
  table[delimiters.subcomponent] = SUBCOMPONENT;
  table[delimiters.field] = FIELD;
  if (tables.size >= tablesMax) {
    tables.clear();
  }
  tables.set(delimiters, table);
  return table;
}

function growFieldTables(): void {
  starts = grown(starts);
  const wider = new Uint8Array(kinds.length * 2);
  wider.set(kinds);
  kinds = wider;
}

function grown(table: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const wider = new Int32Array(table.length * 2);
  wider.set(table);
  return wider;
}
