import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { StreamError } from '../../shared/failure/failure.ts';
import type { FileSplit } from './file-split.ts';
import { isFileSplitRead } from './file-split.ts';
import { fileFailure } from './node-file-failure.ts';
import type { ResolvedFileSource } from './source-spec.ts';

/** One record of a file, and where the file stands behind it. */
export interface FileRecord {
  readonly value: Buffer;
  readonly oversizeBytes: number | undefined;
  readonly recordIndex: number;
  /** The split once this record is handed over. */
  readonly after: FileSplit;
}

/** Read at once: large enough that a turn of the disk is worth it, small enough that a reader stays small. */
const READ_BYTES = 256 * 1024;
/** What a framing may need to see of the bytes before those it searches (see FileFraming.recordEnd). */
const OVERLAP_BYTES = 64;
/** Ends this close behind the kept head were searched already; a false one could span the seam. */
const SEAM_BYTES = 8;

/** Reads the records of one file, in order. Records are views of the read buffers. */
export class FileRecords {
  readonly #source: ResolvedFileSource;
  readonly #file: string;
  #split: FileSplit;
  #handle: FileHandle | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #searched = 0;

  constructor(source: ResolvedFileSource, split: FileSplit, isRootAFile: boolean) {
    this.#source = source;
    this.#split = split;
    this.#file = isRootAFile ? source.path : join(source.path, split.path);
  }

  /** The next record, or undefined at the end of the file. */
  async next(): Promise<FileRecord | undefined> {
    if (isFileSplitRead(this.#split, this.#source.framing.isEmptyFileARecord)) {
      return undefined;
    }
    try {
      return await this.#next();
    } catch (error) {
      throw fileFailure(error, 'read the input file', this.#file);
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #next(): Promise<FileRecord> {
    if (this.#split.sizeBytes === 0) {
      return this.#record(0, Buffer.alloc(0));
    }
    if (this.#source.isWholeFile && this.#split.sizeBytes > this.#source.maxRecordBytes) {
      return this.#record(this.#split.sizeBytes, undefined);
    }
    for (;;) {
      const isLast = this.#split.offsetBytes + this.#pending.length >= this.#split.sizeBytes;
      const end = this.#recordEnd(this.#pending, this.#searched, isLast);
      if (end !== undefined) {
        const value = end > this.#source.maxRecordBytes ? undefined : this.#pending.subarray(0, end);
        this.#pending = this.#pending.subarray(end);
        this.#searched = 0;
        return this.#record(end, value);
      }
      if (this.#pending.length > this.#source.maxRecordBytes) {
        return await this.#skipOversize();
      }
      this.#searched = Math.max(0, this.#pending.length - OVERLAP_BYTES);
      await this.#readMore(this.#split.offsetBytes + this.#pending.length, this.#pending);
    }
  }

  /** Passes over a record larger than allowed, keeping only its head (which decides the framing) and what may hold its end. */
  async #skipOversize(): Promise<FileRecord> {
    const head = this.#pending.subarray(0, OVERLAP_BYTES);
    let length = this.#pending.length;
    for (;;) {
      const kept = Buffer.concat([head, this.#pending.subarray(this.#pending.length - OVERLAP_BYTES)]);
      await this.#readMore(this.#split.offsetBytes + length, kept);
      const isLast = this.#split.offsetBytes + length + this.#pending.length - kept.length >= this.#split.sizeBytes;
      const end = this.#recordEnd(this.#pending, head.length + SEAM_BYTES, isLast);
      if (end !== undefined) {
        const recordBytes = length + end - kept.length;
        this.#pending = this.#pending.subarray(end);
        this.#searched = 0;
        return this.#record(recordBytes, undefined);
      }
      length += this.#pending.length - kept.length;
    }
  }

  #recordEnd(bytes: Buffer, searchFrom: number, isLast: boolean): number | undefined {
    if (bytes.length === 0) {
      return undefined;
    }
    return this.#source.framing.recordEnd(bytes, searchFrom, isLast) ?? (isLast ? bytes.length : undefined);
  }

  /** Makes `pending` of `kept` and the bytes of the file at `position`. */
  async #readMore(position: number, kept: Buffer): Promise<void> {
    this.#handle ??= await open(this.#file, 'r');
    const wanted = Math.min(Math.max(READ_BYTES, kept.length), this.#split.sizeBytes - position);
    const buffer = Buffer.allocUnsafeSlow(kept.length + wanted);
    kept.copy(buffer);
    const { bytesRead } = await this.#handle.read(buffer, kept.length, wanted, position);
    if (bytesRead === 0) {
      throw new StreamError({
        code: 'file-shrank',
        reaction: 'fail-job',
        message: `The input file "${this.#file}" became shorter while it was read: ${position} of ${this.#split.sizeBytes} bytes are left.`,
        remedy: 'Put files into the input complete (write elsewhere, then rename) and start the job anew.',
      });
    }
    this.#pending = buffer.subarray(0, kept.length + bytesRead);
  }

  #record(recordBytes: number, bytes: Buffer | undefined): FileRecord {
    const recordIndex = this.#split.recordIndex;
    this.#split = { ...this.#split, offsetBytes: this.#split.offsetBytes + recordBytes, recordIndex: recordIndex + 1 };
    const { framing } = this.#source;
    const value = bytes === undefined ? Buffer.alloc(0) : (framing.content?.(bytes) ?? bytes);
    return { value, oversizeBytes: bytes === undefined ? recordBytes : undefined, recordIndex, after: this.#split };
  }
}
