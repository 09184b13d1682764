import { stat } from 'node:fs/promises';
import { classifyUnknown, isAbort } from '../../shared/failure/failure.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import type {
  PollResult,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitSnapshot,
  SplitState,
} from '../../shared/connector/source.ts';
import { encodeFileSplit, isFileSplitRead, parseFileSplit } from './file-split.ts';
import type { FileSplit } from './file-split.ts';
import { fileFailure } from './node-file-failure.ts';
import { FileRecords } from './node-file-records.ts';
import type { FileRecord } from './node-file-records.ts';
import type { ResolvedFileSource } from './source-spec.ts';

/** What is read ahead of `poll`: bounds the memory of a reader that is not polled. One record may exceed it. */
const AHEAD_BYTES_MAX = 4 * 1024 * 1024;
const AHEAD_RECORDS_MAX = 4_096;
/** Files known or asked for, besides the one being read: hides the coordinator's round trip between small files. */
const FILES_AHEAD = 4;

interface Ready {
  readonly file: OpenFile;
  readonly record: FileRecord;
}

/** A file of this reader. `at` is the position behind the last record that was handed over (I2 of the port). */
interface OpenFile {
  readonly state: SplitState;
  at: FileSplit;
}

/**
 * Reads its files one after the other, in the order in which they were given.
 *
 * F1  `#files` holds every split given and not finished, in order; the reading ahead works on the first that is unread.
 *     `#finished` holds all others: a checkpoint names every one, so that no file is ever read twice.
 * F2  At most one read-ahead runs at a time. It ends when the buffer is full, and `poll` starts it again.
 */
export class FileReader implements SourceReader<unknown> {
  readonly #source: ResolvedFileSource;
  readonly #abort = new AbortController();
  readonly #files: OpenFile[] = [];
  readonly #finished: SplitSnapshot[] = [];
  readonly #unread: OpenFile[] = [];
  readonly #ready: Ready[] = [];
  #readyFrom = 0;
  #readyBytes = 0;
  #context: SourceReaderContext | undefined;
  #bytesIn: Counter | undefined;
  #isRootAFile = false;
  #isComplete = false;
  #requested = 0;
  #reading: Promise<void> | undefined;
  #failed = false;
  #current: { readonly file: OpenFile; readonly records: FileRecords } | undefined;

  constructor(source: ResolvedFileSource) {
    this.#source = source;
  }

  async open(context: SourceReaderContext): Promise<void> {
    this.#context = context;
    this.#bytesIn = context.metrics.counter('numBytesIn');
    context.metrics.gauge('bufferedBytes', () => this.#readyBytes);
    try {
      this.#isRootAFile = (await stat(this.#source.path)).isFile();
    } catch (error) {
      throw fileFailure(error, 'read the input', this.#source.path);
    }
    // Files are asked for by the first poll: an attempt that is not under way yet has none to give.
    context.wake();
    this.#readAhead();
  }

  addSplits(splits: readonly SplitState[]): void {
    for (const state of splits) {
      this.#requested = Math.max(0, this.#requested - 1);
      const file = { state, at: parseFileSplit(state) };
      if (isFileSplitRead(file.at, this.#source.framing.isEmptyFileARecord)) {
        this.#finished.push({ ...state, isFinished: true });
        continue;
      }
      this.#files.push(file);
      this.#unread.push(file);
    }
    this.#requestFiles();
    this.#readAhead();
    this.#context?.wake();
  }

  noMoreSplits(): void {
    this.#isComplete = true;
    this.#context?.wake();
  }

  poll(recordsMax: number, output: SourceOutput<unknown>): PollResult {
    for (let count = 0; count < recordsMax; count += 1) {
      const ready = this.#ready[this.#readyFrom];
      if (ready === undefined) {
        break;
      }
      this.#readyFrom += 1;
      this.#handOver(ready, output);
    }
    this.#compact();
    this.#requestFiles();
    this.#readAhead();
    if (this.#readyFrom < this.#ready.length) {
      return 'more';
    }
    return this.#isComplete && this.#files.length === 0 ? 'finished' : 'wait';
  }

  snapshot(): readonly SplitSnapshot[] {
    return [...this.#finished, ...this.#files.map((file) => ({ ...encodeFileSplit(file.at), isFinished: false }))];
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
    await this.#current?.records.close();
  }

  #handOver({ file, record }: Ready, output: SourceOutput<unknown>): void {
    const { at } = file;
    file.at = record.after;
    this.#readyBytes -= record.value.length;
    if (isFileSplitRead(file.at, this.#source.framing.isEmptyFileARecord)) {
      this.#files.shift();
      this.#finished.push({ ...encodeFileSplit(file.at), isFinished: true });
    }
    this.#bytesIn?.add(record.oversizeBytes ?? record.value.length);
    const value = this.#source.deserialize({
      key: undefined,
      value: record.value,
      headers: { file: at.path },
      position: {
        split: file.state.id,
        partition: at.ordinal,
        offset: BigInt(record.recordIndex),
        timestampMs: at.foundAtMs,
      },
      ...(record.oversizeBytes === undefined ? {} : { oversizeBytes: record.oversizeBytes }),
    });
    output.collect(value, at.foundAtMs, file.state.id);
  }

  #compact(): void {
    if (this.#readyFrom === this.#ready.length || this.#readyFrom >= 1_024) {
      this.#ready.splice(0, this.#readyFrom);
      this.#readyFrom = 0;
    }
  }

  #requestFiles(): void {
    while (this.#context !== undefined && !this.#isComplete && this.#unread.length + this.#requested < FILES_AHEAD) {
      this.#requested += 1;
      this.#context.requestSplit();
    }
  }

  #hasRoom(): boolean {
    return this.#readyBytes < AHEAD_BYTES_MAX && this.#ready.length - this.#readyFrom < AHEAD_RECORDS_MAX;
  }

  #readAhead(): void {
    const context = this.#context;
    if (context === undefined || this.#reading !== undefined || this.#failed || this.#abort.signal.aborted) {
      return;
    }
    if (this.#unread.length === 0 || !this.#hasRoom()) {
      return;
    }
    this.#reading = this.#runReadAhead(context);
  }

  async #runReadAhead(context: SourceReaderContext): Promise<void> {
    try {
      await this.#fill(context);
    } catch (error) {
      this.#failed = true;
      if (!isAbort(error)) {
        context.fail(classifyUnknown(error, 'file source'));
      }
    } finally {
      this.#reading = undefined;
    }
    // `poll` may have made room, or a file may have come, between the last look and here.
    this.#readAhead();
  }

  async #fill(context: SourceReaderContext): Promise<void> {
    while (this.#hasRoom() && !this.#abort.signal.aborted) {
      const file = this.#unread[0];
      if (file === undefined) {
        return;
      }
      const records = this.#recordsOf(file);
      const record = await records.next();
      if (record === undefined) {
        await records.close();
        this.#current = undefined;
        this.#unread.shift();
        this.#requestFiles();
        continue;
      }
      this.#ready.push({ file, record });
      this.#readyBytes += record.value.length;
      context.wake();
    }
  }

  #recordsOf(file: OpenFile): FileRecords {
    if (this.#current?.file !== file) {
      this.#current = { file, records: new FileRecords(this.#source, file.at, this.#isRootAFile) };
    }
    return this.#current.records;
  }
}
