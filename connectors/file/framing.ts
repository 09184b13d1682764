/**
 * Where one record ends and the next begins inside a file. Stateless at record boundaries, so that a restart may begin at
 * any of them: what a framing decides depends only on the bytes of the record itself.
 */
export interface FileFraming {
  /** Named in plans. */
  readonly name: string;
  /**
   * `bytes` begins with the first byte of a record. Returns the index just behind that record, which must be greater than
   * `searchFrom`, or undefined when its end is not in these bytes. `isLast`: nothing follows them in the file.
   * What lies before `searchFrom` was searched already (an end whose mark is at most 56 bytes long may still straddle it).
   */
  recordEnd(bytes: Buffer, searchFrom: number, isLast: boolean): number | undefined;
  /** The part of the record that is handed over: a view, without terminators. All of it when absent. */
  content?(record: Buffer): Buffer;
  /** True when an empty file is one empty record, false when it is none. */
  readonly isEmptyFileARecord: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/** The whole file is one record, also when it is empty. */
export const wholeFileFraming: FileFraming = {
  name: 'whole',
  recordEnd: (bytes, _searchFrom, isLast) => (isLast ? bytes.length : undefined),
  isEmptyFileARecord: true,
};

/** A record per line. LF and CRLF end a line and are not part of it; the last line needs no terminator. */
export const lineFraming: FileFraming = {
  name: 'lines',
  recordEnd: (bytes, searchFrom) => {
    const at = bytes.indexOf(LF, searchFrom);
    return at === -1 ? undefined : at + 1;
  },
  content: (record) => {
    let end = record.length;
    if (end > 0 && record[end - 1] === LF) {
      end -= 1;
      if (end > 0 && record[end - 1] === CR) {
        end -= 1;
      }
    }
    return record.subarray(0, end);
  },
  isEmptyFileARecord: false,
};
