import { invariant } from '../../shared/invariant.ts';
import { parseSplitId } from '../../shared/ids.ts';
import type { SplitState } from '../../shared/connector/source.ts';

/**
 * One file of a file source, and how far it is read. The file is read as it was when it was found: what is appended later is
 * not read, and a file that shrank is an error, so that a restart hands over the same records again.
 */
export interface FileSplit {
  /** The path below the source's root, with `/` on every platform; the split's id. */
  readonly path: string;
  /** The file's place in name order: the `partition` of its records. */
  readonly ordinal: number;
  /** The file's length when it was found. */
  readonly sizeBytes: number;
  /** When the file was found, epoch milliseconds: the records' timestamp, the same after every restart. */
  readonly foundAtMs: number;
  /** Where the next record begins. */
  readonly offsetBytes: number;
  /** How many records were handed over: the `offset` of the next one. */
  readonly recordIndex: number;
}

export function encodeFileSplit(split: FileSplit): SplitState {
  const { path, ordinal, sizeBytes, foundAtMs, offsetBytes, recordIndex } = split;
  const position = JSON.stringify({ ordinal, sizeBytes, foundAtMs, offsetBytes, recordIndex });
  return { id: parseSplitId(path), position };
}

export function parseFileSplit(state: SplitState): FileSplit {
  const json: unknown = JSON.parse(state.position);
  invariant(typeof json === 'object' && json !== null, `the position of file split "${state.id}" is not an object`);
  const number = (field: string): number => {
    const value: unknown = Reflect.get(json, field);
    invariant(
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
      `the position of file split "${state.id}" has no valid ${field}`,
    );
    return value;
  };
  return {
    path: state.id,
    ordinal: number('ordinal'),
    sizeBytes: number('sizeBytes'),
    foundAtMs: number('foundAtMs'),
    offsetBytes: number('offsetBytes'),
    recordIndex: number('recordIndex'),
  };
}

/** True when nothing is left to hand over. An empty file that is a record has it left until its record is handed over. */
export function isFileSplitRead(split: FileSplit, isEmptyFileARecord: boolean): boolean {
  const isEmptyRecordDue = split.sizeBytes === 0 && split.recordIndex === 0 && isEmptyFileARecord;
  return split.offsetBytes >= split.sizeBytes && !isEmptyRecordDue;
}
