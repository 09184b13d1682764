import { types } from 'node:util';
import { addExtension, Packr, RESET_BUFFER_MODE } from 'msgpackr';
import { StreamError } from '../failure/failure.ts';
import type { Serializer } from './serializer.ts';

/**
 * Plain data by msgpackr: JSON's values and undefined, bigint, Date, Map, Set, Buffer and typed arrays, nested in any way.
 * A function, a promise or an object of a class is refused: it would arrive as something else. (−0 arrives as 0.) Objects are
 * written with their keys, so that what is written describes itself; Map stays Map, which msgpackr's quicker mode would lose.
 */
export const defaultSerializer: Serializer<unknown> = {
  id: 'msgpackr/1',
  encode: (value) => packr.pack(value),
  decode: (bytes) => {
    const value: unknown = packr.unpack(bytes);
    return value;
  },
  encodeInto: (value, target, offset) => {
    // The result lies in msgpackr's own buffer, which the next call overwrites: copied at once.
    const bytes = packr.pack(value, RESET_BUFFER_MODE);
    const end = offset + bytes.length;
    if (end > target.length) {
      return -1;
    }
    target.set(bytes, offset);
    return end;
  },
};

const packr = new Packr({
  useRecords: true,
  moreTypes: true,
  useToJSON: false,
  writeFunction: () => {
    throw notPlain('a function');
  },
});

/** Objects whose class would be lost. msgpackr asks `instanceof` only for values that are no plain object, array or Map. */
function ForeignObject(): void {
  // Only its `Symbol.hasInstance` is used.
}
Object.defineProperty(ForeignObject, Symbol.hasInstance, {
  value: (value: unknown) => typeof value === 'object' && value !== null && !isPlain(value),
});

addExtension({
  Class: ForeignObject,
  type: 0x4e,
  pack: (value: object) => {
    throw notPlain(`an object of class ${value.constructor.name}`);
  },
  unpack: () => {
    throw notPlain('an object of a class');
  },
});

function isPlain(value: object): boolean {
  // An object without a prototype, or with a field of that name, is plain data.
  return (
    typeof value.constructor !== 'function' ||
    types.isDate(value) ||
    ArrayBuffer.isView(value) ||
    PLAIN.has(value.constructor)
  );
}

const PLAIN: ReadonlySet<unknown> = new Set([Set, ArrayBuffer, Object, Array, Map]);

function notPlain(what: string): StreamError {
  return new StreamError({
    code: 'value-not-serializable',
    reaction: 'fail-job',
    message: `A value that leaves its subtask holds ${what}; the default serializer writes plain data only.`,
    remedy: 'Send plain objects, or give the operator a serializer of its own.',
  });
}
