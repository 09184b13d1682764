import { UTF_8 } from '../charset/unicode-charset.ts';
import type { Charset } from '../charset/charset.ts';
import { escapeText } from '../escape/escape-text.ts';
import { compilePath } from '../path/compile-path.ts';
import { locateSegment } from '../path/locate-path.ts';
import type { GroupResolver } from '../path/group-resolver.ts';
import type { Path } from '../path/path.ts';
import { EditedSegment } from './edited-segment.ts';
import type { Hl7Message } from './hl7-message.ts';
import { type ParseOptions, parseMessage } from './parse-message.ts';
import type { Hl7Warning } from './problem.ts';

export type EditResult =
  | { readonly kind: 'built'; readonly message: Hl7Message; readonly warnings: readonly Hl7Warning[] }
  /** Every edit that could not be made, in order, without the values. */
  | { readonly kind: 'refused'; readonly sentences: readonly string[] };

export interface EditOptions {
  /** How the result is parsed again. */
  readonly parse?: ParseOptions;
  /** For paths with groups. They resolve against the message as it was before the edits. */
  readonly groups?: GroupResolver;
}

/** Where a new segment goes; at the end by default. */
export interface SegmentPlace {
  readonly before?: string;
  readonly after?: string;
}

const TERMINATOR = /^(?:\r\n|\r|\n)/;

/** Starts an edit. The message itself never changes; `build` makes a new one. */
export function editMessage(message: Hl7Message, options: EditOptions = {}): MessageEditor {
  return new MessageEditor(message, options);
}

/**
 * Collects edits of one message.
 *
 * I1 Bytes of segments, fields and components that no edit names are exactly those of the message.
 * I2 Values are escaped and encoded in the message's character set; what cannot be encoded is refused, not replaced.
 * I3 A refused edit refuses the whole build: half an edit of a patient's data is worse than none.
 */
export class MessageEditor {
  readonly #message: Hl7Message;
  readonly #options: EditOptions;
  readonly #charset: Charset;
  readonly #lines: EditedSegment[] = [];
  readonly #refused: string[] = [];

  constructor(message: Hl7Message, options: EditOptions) {
    this.#message = message;
    this.#options = options;
    this.#charset = message.charset;
    const source = message.source;
    const start = message.segmentPosition(0);
    for (let segment = 0; segment < message.segmentCount; segment += 1) {
      const raw = message.rawSegment(segment);
      const end = message.segmentPosition(segment) + raw.length;
      const next = segment + 1 < message.segmentCount ? message.segmentPosition(segment + 1) : source.length;
      const before = segment === 0 ? source.subarray(0, start) : source.subarray(0, 0);
      const gap = source.subarray(end, next);
      this.#lines.push(new EditedSegment({ before, raw, gap, origin: segment, syntax: message }));
    }
    if (source !== message.bytes) {
      this.set('MSH-18', UTF_8.name); // The result is UTF-8, whatever the message declared.
    }
  }

  /**
   * Sets what a path names: `PID-5.1` a component, `PID-3(2)` a repetition, `PID-3` the whole field. The value is one
   * text without structure; delimiters in it are escaped. Missing fields and components before it are added, empty.
   */
  set(path: string, value: string): this {
    return this.#edit(path, (line, target) => {
      const bytes = this.#charset.encode(escapeText(value, this.#message.delimiters));
      if (bytes === undefined) {
        return 'the value has characters that the character set of the message lacks';
      }
      return line.replace(target, bytes);
    });
  }

  /** Sets HL7's null, `""`: the receiver is to delete what it has stored. */
  setNull(path: string): this {
    return this.#edit(path, (line, target) => line.replace(target, Buffer.from('""')));
  }

  /** Empties what a path names, removes a repetition that it names by number, or removes a whole segment. */
  delete(path: string): this {
    const compiled = compilePath(path);
    if (compiled.kind === 'path' && compiled.path.field === undefined) {
      const at = this.#locate(compiled.path);
      if (at <= 0) {
        return this.#refuse(path, at === 0 ? 'MSH cannot be removed' : 'there is no such segment');
      }
      this.#removeLine(at);
      return this;
    }
    return this.#edit(path, (line, target) => line.remove(target));
  }

  /** Adds a segment with these fields (from field 1, each one text without structure). */
  addSegment(name: string, fields: readonly string[] = [], place: SegmentPlace = {}): this {
    if (!/^[A-Z][A-Z0-9]{2}$/.test(name) || /^(?:MSH|FHS|BHS|BTS|FTS)$/.test(name)) {
      return this.#refuse('a new segment', 'its name must be three characters and no envelope segment');
    }
    const at = this.#placeOf(place);
    if (at === undefined) {
      return this.#refuse('a new segment', 'the segment it should stand beside is not there, or it is MSH');
    }
    const separator = String.fromCharCode(this.#message.delimiters.field);
    const values = fields.map((field) => separator + escapeText(field, this.#message.delimiters));
    const raw = this.#charset.encode(name + (values.length === 0 ? separator : values.join('')));
    if (raw === undefined) {
      return this.#refuse('a new segment', 'a value has characters that the character set of the message lacks');
    }
    const gap = at === this.#lines.length ? this.#takeTail() : this.#terminator();
    this.#lines.splice(
      at,
      0,
      new EditedSegment({ before: raw.subarray(0, 0), raw, gap, origin: -1, syntax: this.#message }),
    );
    return this;
  }

  /** The new message, parsed as any other, or all that was refused. */
  build(): EditResult {
    if (this.#refused.length > 0) {
      return { kind: 'refused', sentences: this.#refused };
    }
    const bytes = Buffer.concat(this.#lines.map((line) => line.toBytes()));
    const result = parseMessage(bytes, this.#options.parse);
    return result.kind === 'parsed'
      ? { kind: 'built', message: result.message, warnings: result.warnings }
      : { kind: 'refused', sentences: [`The edited message would be malformed: ${result.problem.sentence}`] };
  }

  #edit(path: string, change: (line: EditedSegment, target: FieldTarget) => string | undefined): this {
    const compiled = compilePath(path);
    if (compiled.kind === 'bad-path') {
      return this.#refuse(path, compiled.sentence);
    }
    const { field } = compiled.path;
    if (field === undefined) {
      return this.#refuse(path, 'the path names no field');
    }
    const at = this.#locate(compiled.path);
    const line = this.#lines[at];
    if (line === undefined) {
      return this.#refuse(path, 'there is no such segment: add it first');
    }
    if (at === 0 && field <= 2) {
      return this.#refuse(path, 'MSH-1 and MSH-2 declare the delimiters and cannot be edited');
    }
    const why = change(line, { ...compiled.path, field });
    return why === undefined ? this : this.#refuse(path, why);
  }

  #locate(path: Path): number {
    if (path.groups.length > 0) {
      const origin = locateSegment(this.#message, path, this.#options.groups);
      return this.#lines.findIndex((line) => line.origin === origin && origin >= 0);
    }
    let seen = 0;
    return this.#lines.findIndex((line) => line.name === path.segment && (seen += 1) === path.occurrence);
  }

  #placeOf(place: SegmentPlace): number | undefined {
    const path = place.before ?? place.after;
    if (path === undefined) {
      return this.#lines.length;
    }
    const compiled = compilePath(path);
    const at = compiled.kind === 'path' ? this.#locate(compiled.path) : -1;
    if (at < 0 || (place.before !== undefined && at === 0)) {
      return undefined;
    }
    return place.before === undefined ? at + 1 : at;
  }

  /** A new last segment takes what stood behind the old one (an end block, blank lines); the old one keeps a terminator. */
  #takeTail(): Buffer {
    const last = this.#lines.at(-1);
    const terminator = this.#terminator();
    if (last === undefined) {
      return terminator;
    }
    const own = TERMINATOR.exec(last.gap.latin1Slice(0, last.gap.length))?.[0] ?? '';
    const tail = Buffer.concat([terminator, last.gap.subarray(own.length)]);
    last.gap = terminator;
    return tail;
  }

  #removeLine(at: number): void {
    this.#lines.splice(at, 1);
  }

  /** How this message ends its segments. Another terminator could turn its own line feeds into data. */
  #terminator(): Buffer {
    const gap = this.#lines[0]?.gap.latin1Slice(0, this.#lines[0].gap.length) ?? '';
    return Buffer.from(TERMINATOR.exec(gap)?.[0] ?? '\r');
  }

  #refuse(path: string, why: string): this {
    this.#refused.push(`${path}: ${why}.`);
    return this;
  }
}

/** A path that names at least a field. */
export type FieldTarget = Path & { readonly field: number };
