import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Committable, SinkWriter, SinkWriterContext } from '../../shared/connector/sink.ts';
import { StreamError, classifyUnknown } from '../../shared/failure/failure.ts';
import { required } from '../../shared/invariant.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import { encodeFileCommittable } from './file-committable.ts';
import { detectEncoding, formatLineHead, formatValue } from './format-line.ts';
import { fileFailure } from './node-file-failure.ts';
import { FilePart } from './node-file-part.ts';
import { isLeftover, partName } from './part-name.ts';
import { isTopicFolder } from './sink-spec.ts';
import type { ResolvedFileSink } from './sink-spec.ts';

const END_OF_LINE = Buffer.from('}\n');

/**
 * Buffers lines per topic and writes them beside the loop.
 *
 * W1  At most one background write runs at a time; `#writing` is it. `flush` waits for it and for all that was buffered.
 * W2  `#bufferedBytes` counts what is buffered and what is being written: `isWritable` is false above the bound.
 * W3  A part is finished by `prepareCommit` only; a part of an attempt that ended otherwise keeps its hidden name for ever.
 */
export class FileWriter implements SinkWriter<unknown> {
  readonly #sink: ResolvedFileSink;
  #context: SinkWriterContext | undefined;
  #parts = new Map<string, FilePart>();
  #partCount = 0;
  #bufferedBytes = 0;
  #isHeldBack = false;
  #writing: Promise<void> | undefined;
  #failure: StreamError | undefined;
  #bytesOut: Counter | undefined;
  readonly #topicCounters = new Map<string, Counter>();

  constructor(sink: ResolvedFileSink) {
    this.#sink = sink;
  }

  async open(context: SinkWriterContext, signal: AbortSignal): Promise<void> {
    this.#context = context;
    this.#bytesOut = context.metrics.counter('numBytesOut');
    context.metrics.gauge('bufferedBytes', () => this.#bufferedBytes);
    try {
      await mkdir(this.#sink.path, { recursive: true });
      if (context.subtask === 0) {
        await this.#removeLeftovers(context, signal);
      }
    } catch (error) {
      throw fileFailure(error, 'write the output', this.#sink.path);
    }
  }

  get isWritable(): boolean {
    this.#isHeldBack = this.#bufferedBytes >= this.#sink.maxBufferedBytes;
    return !this.#isHeldBack;
  }

  write(value: unknown): void {
    const record = this.#sink.serialize(value);
    const encoding = this.#sink.encoding?.(record) ?? detectEncoding(record.value);
    const part = this.#parts.get(record.topic) ?? this.#addPart(record.topic);
    const head = Buffer.from(formatLineHead(record, encoding), 'utf8');
    const body = formatValue(record.value, encoding);
    const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
    part.append(Buffer.concat([head, bytes, END_OF_LINE]));
    const lineBytes = head.length + bytes.length + END_OF_LINE.length;
    this.#bufferedBytes += lineBytes;
    this.#bytesOut?.add(lineBytes);
    this.#topicCounters.get(record.topic)?.add();
    if (part.isChunkFull || this.#bufferedBytes >= this.#sink.maxBufferedBytes) {
      this.#startWriting();
    }
  }

  async flush(): Promise<void> {
    await this.#writeOut(this.#parts.values());
  }

  /** What is written from now on belongs to the next parts, also while this one still waits for the disk. */
  async prepareCommit(signal: AbortSignal): Promise<readonly Committable[]> {
    const parts = [...this.#parts.values()];
    this.#parts = new Map();
    await this.#writeOut(parts);
    for (const part of parts) {
      signal.throwIfAborted();
      await part.finish();
    }
    return parts.map((part) => encodeFileCommittable(part.name));
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) {
      await this.#writing;
    }
    for (const part of this.#parts.values()) {
      await part.close();
    }
  }

  #addPart(topic: string): FilePart {
    const context = required(this.#context, 'the context of an open file writer');
    if (!isTopicFolder(topic)) {
      throw new StreamError({
        code: 'file-sink-unsafe-topic',
        reaction: 'fail-job',
        message: `The file sink "${context.uid}" got a topic of ${topic.length} characters that cannot be a folder name.`,
        remedy: 'Topics are letters, digits, dots, underscores and hyphens, and do not begin with a dot.',
      });
    }
    this.#partCount += 1;
    const part = new FilePart(this.#sink.path, { topic, ...partName(context, this.#partCount) });
    this.#parts.set(topic, part);
    if (!this.#topicCounters.has(topic)) {
      this.#topicCounters.set(topic, context.metrics.counter('records_sent', { topic }));
    }
    return part;
  }

  /** Writes all that these parts buffer now; rejects when this or an earlier write failed. */
  async #writeOut(parts: Iterable<FilePart>): Promise<void> {
    while (this.#writing !== undefined) {
      await this.#writing;
    }
    if (this.#failure === undefined) {
      await this.#track(this.#runWriting([...parts]));
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  #startWriting(): void {
    if (this.#writing === undefined && this.#failure === undefined) {
      this.#writing = this.#track(this.#runWriting(this.#due()));
    }
  }

  /** Keeps `#writing` while the work goes on; cleared in a later turn, so also when there was nothing to wait for. */
  async #track(work: Promise<void>): Promise<void> {
    this.#writing = work;
    await work;
    this.#writing = undefined;
    // Lines may have come since the work last looked.
    if (this.#due().length > 0) {
      this.#startWriting();
    }
  }

  async #runWriting(first: readonly FilePart[]): Promise<void> {
    try {
      for (let parts = first; parts.length > 0; parts = this.#due()) {
        for (const part of parts) {
          this.#bufferedBytes -= await part.writeOut();
          this.#release();
        }
      }
    } catch (error) {
      const failure = classifyUnknown(error, 'file sink');
      this.#failure = new StreamError(failure, { cause: error });
      this.#context?.fail(failure);
    }
  }

  /** The parts worth a write; all of them when the buffer is full, since their chunks may never be. */
  #due(): readonly FilePart[] {
    const isFull = this.#bufferedBytes >= this.#sink.maxBufferedBytes;
    return [...this.#parts.values()].filter((part) => part.isChunkFull || (isFull && part.bufferedBytes > 0));
  }

  #release(): void {
    if (this.#isHeldBack && this.#bufferedBytes < this.#sink.maxBufferedBytes) {
      this.#isHeldBack = false;
      this.#context?.wake();
    }
  }

  async #removeLeftovers(context: SinkWriterContext, signal: AbortSignal): Promise<void> {
    for (const folder of await readdir(this.#sink.path, { withFileTypes: true })) {
      if (!folder.isDirectory()) {
        continue;
      }
      for (const name of await readdir(join(this.#sink.path, folder.name))) {
        signal.throwIfAborted();
        if (isLeftover(name, context)) {
          await rm(join(this.#sink.path, folder.name, name), { force: true });
        }
      }
    }
  }
}
