import type { Clock } from '../../shared/clock/clock.ts';
import type { OutputRecord } from '../../shared/connector/records.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { BatchProducer, BatchSeal } from './record-batch-encode.ts';
import { RecordBatchBuilder } from './record-batch-encode.ts';

/** Some builders are kept for the next batches; more would only hold memory. */
const FREE_BUILDERS_MAX = 32;
const BUILDER_BYTES = 16_384;
/** Allowance for a record's key and headers when it is asked whether it fits; what it misses is mended by `split`. */
const RECORD_OVERHEAD_BYTES = 256;

/** Builders that wait for their next batch, so that batches do not allocate. */
export class BuilderPool {
  readonly #free: RecordBatchBuilder[] = [];
  readonly #capacityMax: number;

  /** Builders that grew beyond `capacityMax` are not kept. */
  constructor(capacityMax: number) {
    this.#capacityMax = capacityMax;
  }

  take(): RecordBatchBuilder {
    return this.#free.pop() ?? new RecordBatchBuilder(Buffer.allocUnsafeSlow(BUILDER_BYTES));
  }

  give(builder: RecordBatchBuilder): void {
    if (this.#free.length < FREE_BUILDERS_MAX && builder.capacity <= this.#capacityMax) {
      builder.reset();
      this.#free.push(builder);
    }
  }
}

/** Records on their way to one partition, in one request after another. */
export interface Batch {
  readonly builder: RecordBatchBuilder;
  /** See `Outboxes.section`. */
  readonly section: number;
  /** When its first record was written, monotonic milliseconds. */
  readonly sinceMs: number;
  /** Set when it is sent for the first time; a retry sends the same bytes. */
  sealed: { readonly bytes: Buffer; readonly producer: BatchProducer } | undefined;
}

export interface Appending {
  readonly batchBytesMax: number;
  readonly section: number;
  readonly clock: Clock;
}

/**
 * What waits for one partition.
 *
 * I1  At most one batch is in flight, and stays so through its retries: the order of records is that in which they were written.
 * I2  Batches leave in the order in which they were filled.
 */
export class Outbox {
  readonly topic: string;
  readonly partition: number;
  readonly name: string;
  readonly #pool: BuilderPool;
  readonly #queue: Batch[] = [];
  #inFlight: Batch | undefined;
  /** The batch in flight came back and is to be sent again. */
  isRetryDue = false;
  retries = 0;
  /** Since when this partition has made no progress, monotonic milliseconds; meaningful while it is not empty. */
  stalledSinceMs = 0;

  constructor(topic: string, partition: number, pool: BuilderPool) {
    this.topic = topic;
    this.partition = partition;
    this.name = `${topic}-${partition}`;
    this.#pool = pool;
  }

  get inFlight(): Batch | undefined {
    return this.#inFlight;
  }

  get isEmpty(): boolean {
    return this.#inFlight === undefined && this.#queue.length === 0;
  }

  /** The section of the batch that leaves next or is on its way; undefined when the outbox is empty. */
  get oldestSection(): number | undefined {
    return (this.#inFlight ?? this.#queue[0])?.section;
  }

  /**
   * Adds a record; returns the bytes it added. A new batch begins with every section, and where the record would take the open one
   * past `batchBytesMax`.
   */
  append(record: OutputRecord, timestampMs: number, { batchBytesMax, section, clock }: Appending): number {
    let open = this.#queue.at(-1);
    const size = record.value.length + RECORD_OVERHEAD_BYTES;
    if (
      open === undefined ||
      open.sealed !== undefined ||
      open.section !== section ||
      (open.builder.count > 0 && open.builder.byteLength + size > batchBytesMax)
    ) {
      const nowMs = clock.monotonicMs();
      if (this.isEmpty) {
        this.stalledSinceMs = nowMs;
      }
      open = { builder: this.#pool.take(), section, sinceMs: nowMs, sealed: undefined };
      this.#queue.push(open);
    }
    const before = open.builder.count === 0 ? 0 : open.builder.byteLength;
    open.builder.append(record.key, record.value, record.headers, timestampMs);
    return open.builder.byteLength - before;
  }

  /** True when a batch is full (another one waits behind it, or it has reached its size). */
  hasFull(batchBytesMax: number): boolean {
    const first = this.#queue[0];
    return (
      first !== undefined &&
      (this.#queue.length > 1 || first.sealed !== undefined || first.builder.byteLength >= batchBytesMax)
    );
  }

  /** When the first record that is not in flight was written. */
  get waitingSinceMs(): number | undefined {
    return this.#queue[0]?.sinceMs;
  }

  /** The next batch to send, sealed; undefined while one is in flight. */
  next(identity: ProducerIdentity, seal: Omit<BatchSeal, 'producer'>): Batch | undefined {
    if (this.#inFlight !== undefined) {
      return this.isRetryDue ? this.#inFlight : undefined;
    }
    const batch = this.#queue.shift();
    if (batch !== undefined) {
      this.#seal(batch, batch.sealed?.producer ?? identity.nextBatch(this.name, batch.builder.count), seal);
      this.#inFlight = batch;
      this.retries = 0;
    }
    return batch;
  }

  /** The batch in flight is in the log. Returns its records and bytes; its builder serves again. */
  acknowledge(nowMs: number): { readonly records: number; readonly bytes: number } {
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    this.isRetryDue = false;
    this.stalledSinceMs = nowMs;
    if (batch === undefined) {
      return { records: 0, bytes: 0 };
    }
    const done = { records: batch.builder.count, bytes: batch.builder.byteLength };
    this.#pool.give(batch.builder);
    return done;
  }

  /**
   * The broker found the batch in flight too large: two halves take its place, with the sequence numbers that it had.
   * Returns the bytes that were added; undefined when it holds one record only.
   */
  split(seal: Omit<BatchSeal, 'producer'>): number | undefined {
    const batch = this.#inFlight;
    if (batch?.sealed === undefined || batch.builder.count < 2) {
      return undefined;
    }
    const { producer } = batch.sealed;
    const { section, sinceMs } = batch;
    const before = batch.builder.byteLength;
    const first: Batch = { builder: this.#pool.take(), section, sinceMs, sealed: undefined };
    const second: Batch = { builder: this.#pool.take(), section, sinceMs, sealed: undefined };
    batch.builder.splitInto(first.builder, second.builder);
    this.#seal(first, producer, seal);
    this.#seal(
      second,
      { ...producer, baseSequence: (producer.baseSequence + first.builder.count) % 2_147_483_648 },
      seal,
    );
    this.#queue.unshift(second);
    this.#inFlight = first;
    this.#pool.give(batch.builder);
    return first.builder.byteLength + second.builder.byteLength - before;
  }

  #seal(batch: Batch, producer: BatchProducer, seal: Omit<BatchSeal, 'producer'>): void {
    batch.sealed ??= { bytes: batch.builder.seal({ ...seal, producer }), producer };
  }
}
