import type { Charset } from '../charset/charset.ts';
import type { Path } from '../path/path.ts';
import type { Delimiters } from './delimiters.ts';

interface SegmentSyntax {
  readonly delimiters: Delimiters;
  readonly charset: Charset;
}

interface SegmentParts {
  /** Bytes that stand before the segment and belong to no other (a byte order mark, a start block). */
  readonly before: Buffer;
  readonly raw: Buffer;
  /** Terminator, blank lines and whatever else stands up to the next segment. */
  readonly gap: Buffer;
  /** Its index in the message that is being edited, -1 for a new one. */
  readonly origin: number;
  readonly syntax: SegmentSyntax;
}

type Target = Path & { readonly field: number };

/** More empty fields, repetitions or components than this in front of a new value is a slip in a path. */
const POSITION_MAX = 1000;

/** A segment under edit. It stays one run of bytes until an edit splits it, and then only along the edited path. */
export class EditedSegment {
  readonly origin: number;
  readonly name: string;
  gap: Buffer;
  readonly #before: Buffer;
  readonly #syntax: SegmentSyntax;
  /** MSH-1 is a separator that splitting loses, so MSH's fields stand one place earlier. */
  readonly #shift: number;
  #raw: Buffer;

  constructor(parts: SegmentParts) {
    this.origin = parts.origin;
    this.gap = parts.gap;
    this.#before = parts.before;
    this.#raw = parts.raw;
    this.#syntax = parts.syntax;
    this.name = parts.raw.latin1Slice(0, 3).toUpperCase();
    this.#shift = this.name === 'MSH' ? 1 : 0;
  }

  /** Puts `bytes` where the target is. Returns why not, or undefined. */
  replace(target: Target, bytes: Buffer): string | undefined {
    return this.#editField(target, (field) => {
      const isWhole = target.component === undefined && !target.hasRepetition;
      return isWhole ? bytes : this.#editRepetition(field, target, () => bytes);
    });
  }

  /** Empties the target; a numbered repetition is taken out. Returns why not, or undefined. */
  remove(target: Target): string | undefined {
    return this.#editField(target, (field) => {
      if (target.component !== undefined) {
        return this.#editRepetition(field, target, () => Buffer.alloc(0));
      }
      const repetitions = this.#split(field, this.#syntax.delimiters.repetition);
      repetitions.splice(target.repetition - 1, 1);
      return target.hasRepetition ? join(repetitions, this.#syntax.delimiters.repetition) : Buffer.alloc(0);
    });
  }

  toBytes(): Buffer {
    return Buffer.concat([this.#before, this.#raw, this.gap]);
  }

  #editField(target: Target, edit: (field: Buffer) => Buffer): string | undefined {
    const numbers = [target.field, target.repetition, target.component ?? 1, target.subcomponent ?? 1];
    if (Math.max(...numbers) > POSITION_MAX) {
      return `no number in a path may exceed ${POSITION_MAX}`;
    }
    const separator = this.#syntax.delimiters.field;
    this.#raw = this.#editPiece(this.#raw, separator, target.field - this.#shift, edit);
    return undefined;
  }

  #editRepetition(field: Buffer, target: Target, edit: () => Buffer): Buffer {
    const { delimiters } = this.#syntax;
    return this.#editPiece(field, delimiters.repetition, target.repetition - 1, (repetition) => {
      const { component, subcomponent } = target;
      if (component === undefined) {
        return edit();
      }
      return this.#editPiece(repetition, delimiters.component, component - 1, (piece) =>
        subcomponent === undefined ? edit() : this.#editPiece(piece, delimiters.subcomponent, subcomponent - 1, edit),
      );
    });
  }

  /** Replaces the piece at `index` (from 0) between separators, adding empty ones in front as needed. */
  #editPiece(bytes: Buffer, separator: number, index: number, edit: (piece: Buffer) => Buffer): Buffer {
    const pieces = this.#split(bytes, separator);
    while (pieces.length <= index) {
      pieces.push(Buffer.alloc(0));
    }
    pieces[index] = edit(pieces[index] ?? Buffer.alloc(0));
    return join(pieces, separator);
  }

  /** Splits at separators that are no part of a multi-byte character. */
  #split(bytes: Buffer, separator: number): Buffer[] {
    const { charset } = this.#syntax;
    const scan = charset.layout === 'masked' ? charset.mask(bytes) : bytes;
    const pieces: Buffer[] = [];
    let from = 0;
    for (let at = scan.indexOf(separator); at >= 0; at = scan.indexOf(separator, from)) {
      pieces.push(bytes.subarray(from, at));
      from = at + 1;
    }
    pieces.push(bytes.subarray(from));
    return pieces;
  }
}

function join(pieces: readonly Buffer[], separator: number): Buffer {
  const between = Buffer.of(separator);
  return Buffer.concat(pieces.flatMap((piece, i) => (i === 0 ? [piece] : [between, piece])));
}
