import type { PreparedOutput, SinkWriter, SinkWriterContext } from '../../shared/connector/sink.ts';
import { StreamError, classifyUnknown } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import { encodeFileCommittable } from './file-committable.ts';
import { detectEncoding, formatLineHead, formatValue } from './format-line.ts';
import { fileFailure } from './node-file-failure.ts';
import { FilePart } from './node-file-part.ts';
import { makeDirectory } from './node-sync-directory.ts';
import { finalName, temporaryName } from './part-name.ts';
import { isTopicFolder } from './sink-spec.ts';
import type { ResolvedFileSink } from './sink-spec.ts';

const END_OF_LINE = Buffer.from('}\n');

/**
 * Buffers lines per topic and writes them beside the loop.
 *
 * W1  The disk does one thing at a time, in the order asked: `#disk` is the end of that line. A flush or a checkpoint waits for
 *     what stands before it, and never for what is written after it.
 * W2  `#bufferedBytes` counts what is buffered and what is being written: `isWritable` is false above the bound.
 * W3  `prepareCommit` takes the open parts away in its first turn: later lines open new ones. A part is finished there only;
 *     one of an attempt that ended otherwise keeps its hidden name until the committer's `abandon` deletes it.
 * W4  A writer only ever makes files under hidden names with its own attempt in them, and never renames: a frozen one that
 *     wakes up can leave a hidden file behind, and nothing else.
 */
export class FileWriter implements SinkWriter<unknown> {
  readonly #sink: ResolvedFileSink;
  #context: SinkWriterContext | undefined;
  #parts = new Map<string, FilePart>();
  /** Taken by `prepareCommit` and not finished yet. */
  readonly #sealed = new Set<FilePart>();
  #partCount = 0;
  #bufferedBytes = 0;
  #isHeldBack = false;
  #disk: Promise<void> = Promise.resolve();
  #isWriteAsked = false;
  #failure: StreamError | undefined;
  #bytesOut: Counter | undefined;
  readonly #topicCounters = new Map<string, Counter>();

  constructor(sink: ResolvedFileSink) {
    this.#sink = sink;
  }

  async open(context: SinkWriterContext): Promise<void> {
    this.#context = context;
    this.#bytesOut = context.metrics.counter('numBytesOut');
    context.metrics.gauge('bufferedBytes', () => this.#bufferedBytes);
    try {
      await makeDirectory(this.#sink.path);
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
      this.#askForWrite();
    }
  }

  async flush(): Promise<void> {
    const parts = [...this.#parts.values()];
    await this.#runNext(async () => {
      await this.#writeOut(parts);
    });
    this.#throwFailure();
  }

  async prepareCommit(checkpoint: CheckpointId, signal: AbortSignal): Promise<readonly PreparedOutput[]> {
    const context = required(this.#context, 'the context of an open file writer');
    const parts = [...this.#parts.values()];
    this.#parts = new Map();
    parts.forEach((part) => this.#sealed.add(part));
    await this.#runNext(async () => {
      await this.#writeOut(parts);
      if (!signal.aborted) {
        await this.#finish(parts);
      }
    });
    signal.throwIfAborted();
    this.#throwFailure();
    const final = finalName(context, checkpoint);
    return parts.map(({ topic, temporary, bytes, beganAtMs }) => ({
      committable: encodeFileCommittable({ topic, temporary, final, bytes }),
      beganAtMs,
      timeoutMs: undefined,
    }));
  }

  /** A name once given stays. */
  committed(): void {
    return;
  }

  async close(): Promise<void> {
    await this.#disk;
    for (const part of [...this.#parts.values(), ...this.#sealed]) {
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
    const temporary = temporaryName(context, this.#partCount);
    const part = new FilePart({ root: this.#sink.path, topic, temporary, beganAtMs: context.clock.monotonicMs() });
    this.#parts.set(topic, part);
    if (!this.#topicCounters.has(topic)) {
      this.#topicCounters.set(topic, context.metrics.counter('records_sent', { topic }));
    }
    return part;
  }

  /** One write of all that is due, at the end of the line; what becomes due meanwhile asks again (W1). */
  #askForWrite(): void {
    if (this.#isWriteAsked || this.#failure !== undefined) {
      return;
    }
    this.#isWriteAsked = true;
    this.#disk = this.#runAfter(this.#disk, async () => {
      this.#isWriteAsked = false;
      await this.#writeOut(this.#due());
      if (this.#due().length > 0) {
        this.#askForWrite();
      }
    });
  }

  /** The parts worth a write; all of them when the buffer is full, since their chunks may never be. */
  #due(): readonly FilePart[] {
    const isFull = this.#bufferedBytes >= this.#sink.maxBufferedBytes;
    return [...this.#parts.values()].filter((part) => part.isChunkFull || (isFull && part.bufferedBytes > 0));
  }

  async #runNext(work: () => Promise<void>): Promise<void> {
    this.#disk = this.#runAfter(this.#disk, work);
    await this.#disk;
  }

  /** Never rejects: a failure is kept, costs the attempt, and ends all that follows. */
  async #runAfter(before: Promise<void>, work: () => Promise<void>): Promise<void> {
    await before;
    if (this.#failure !== undefined) {
      return;
    }
    try {
      await work();
    } catch (error) {
      const failure = classifyUnknown(error, 'file sink');
      this.#failure = new StreamError(failure, { cause: error });
      this.#context?.fail(failure);
    }
  }

  async #writeOut(parts: readonly FilePart[]): Promise<void> {
    for (const part of parts) {
      this.#bufferedBytes -= await part.writeOut();
      if (this.#isHeldBack && this.#bufferedBytes < this.#sink.maxBufferedBytes) {
        this.#isHeldBack = false;
        this.#context?.wake();
      }
    }
  }

  /** All at once: the disk's journal takes them together. */
  async #finish(parts: readonly FilePart[]): Promise<void> {
    const results = await Promise.allSettled(
      parts.map(async (part) => {
        await part.finish();
        this.#sealed.delete(part);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }
}
