import type { SourceRecord } from '../../shared/connector/records.ts';
import type {
  PollResult,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitSnapshot,
  SplitState,
} from '../../shared/connector/source.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import { invariant, required } from '../../shared/invariant.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import { HeaderNames } from './header-names.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, releaseClient } from './kafka-client.ts';
import { KafkaFetcher } from './kafka-fetcher.ts';
import { KafkaGroupOffsets } from './kafka-group-offsets.ts';
import { endpointOf } from './kafka-security.ts';
import { crc32c } from './node-crc32c.ts';
import { decompress } from './node-compression.ts';
import type { CheckedSource } from './options.ts';
import type { DecodeLimits } from './record-batch-decode.ts';
import { RecordCursor } from './record-batch-decode.ts';
import type { SplitPosition } from './split-position.ts';
import { parseSplitState, splitState } from './split-position.ts';

interface OpenSplit {
  readonly id: SplitId;
  readonly topic: string;
  readonly partition: number;
  readonly end: bigint | undefined;
  /** The offset behind the last record handed over or skipped for good. */
  next: bigint;
}

/**
 * Reads the partitions it was given.
 *
 * I1  `snapshot` tells the position behind the last record that `poll` handed over, whatever has been fetched beyond.
 * I2  A split is finished by its position, not by a record at its end: the end may lie behind records that nobody sees
 *     (transaction markers, aborted or compacted records).
 */
export class KafkaReader implements SourceReader<unknown> {
  readonly #options: CheckedSource;
  readonly #splits = new Map<SplitId, OpenSplit>();
  readonly #names = new HeaderNames();
  readonly #limits: DecodeLimits;
  readonly #deserialize: ((record: SourceRecord) => unknown) | undefined;
  #context: SourceReaderContext | undefined;
  #fetcher: KafkaFetcher | undefined;
  #cursor: RecordCursor | undefined;
  #cursorSplit: OpenSplit | undefined;
  #cursorBytes = 0;
  #hasAllSplits = false;
  #recordsSkipped: Counter | undefined;
  #groupOffsets: KafkaGroupOffsets | undefined;
  #groupClient: KafkaClient | undefined;

  constructor(options: CheckedSource) {
    this.#options = options;
    this.#deserialize = options.deserialize;
    this.#limits = { maxRecordBytes: options.maxRecordBytes, crc32c, decompress };
  }

  async open(context: SourceReaderContext, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { brokers, security, groupId } = this.#options;
    const endpoint = endpointOf(brokers, security, context.settings);
    this.#context = context;
    this.#fetcher = new KafkaFetcher(this.#options, endpoint, context);
    if (groupId !== undefined) {
      this.#groupClient = acquireClient(endpoint, context.logger);
      this.#groupOffsets = new KafkaGroupOffsets(groupId, this.#groupClient, context.logger);
    }
    this.#recordsSkipped = context.metrics.counter('numRecordsSkipped', { reason: 'deserialize' });
    await Promise.resolve();
  }

  addSplits(splits: readonly SplitState[]): void {
    const { metrics } = required(this.#context, 'the context of an opened reader');
    const added: SplitPosition[] = [];
    for (const state of splits) {
      const position = parseSplitState(state);
      if (this.#splits.has(state.id)) {
        continue;
      }
      const split: OpenSplit = { id: state.id, ...position };
      metrics.gauge('pendingRecords', () => this.#pendingRecords(split), {
        topic: split.topic,
        partition: String(split.partition),
      });
      metrics.gauge('currentOffset', () => Number(split.next), {
        topic: split.topic,
        partition: String(split.partition),
      });
      this.#splits.set(state.id, split);
      if (!isFinished(split)) {
        added.push(position);
      }
    }
    this.#fetcher?.add(added);
    this.#context?.wake();
  }

  noMoreSplits(): void {
    this.#hasAllSplits = true;
    this.#context?.wake();
  }

  poll(recordsMax: number, output: SourceOutput<unknown>): PollResult {
    return this.pollRecords(recordsMax, (record) => {
      this.#handOver(record, output);
    });
  }

  /** The same for records as they were read: what tools do, without `deserialize`. */
  pollRecords(recordsMax: number, collect: (record: SourceRecord) => void): PollResult {
    const fetcher = required(this.#fetcher, 'the fetcher of an opened reader');
    let left = recordsMax;
    while (left > 0) {
      if (this.#cursor === undefined && !this.#openNext(fetcher)) {
        return this.#finishSplits() ? 'finished' : 'wait';
      }
      const cursor = required(this.#cursor, 'an open cursor');
      const split = required(this.#cursorSplit, 'the split of an open cursor');
      const asked = left;
      const count = cursor.read(asked, split.end, collect);
      split.next = cursor.position;
      left -= count;
      if (count < asked || cursor.isDone) {
        this.#closeCursor(fetcher);
      }
    }
    return 'more';
  }

  snapshot(): readonly SplitSnapshot[] {
    return [...this.#splits.values()].map((split) => ({ ...splitState(split), isFinished: isFinished(split) }));
  }

  checkpointCompleted(splits: readonly SplitSnapshot[]): void {
    this.#groupOffsets?.show(
      splits.map((split) => {
        const { topic, partition, next } = parseSplitState(split);
        return { topic, partition, offset: next };
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#fetcher?.close(), this.#groupOffsets?.close()]);
    if (this.#groupClient !== undefined) {
      await releaseClient(this.#groupClient);
      this.#groupClient = undefined;
    }
    this.#cursor = undefined;
  }

  #handOver(record: SourceRecord, output: SourceOutput<unknown>): void {
    const { timestampMs, split } = record.position;
    let value: unknown = record;
    if (this.#deserialize !== undefined) {
      try {
        value = this.#deserialize(record);
      } catch (error) {
        this.#skipOrFail(error, record);
        return;
      }
    }
    output.collect(value, timestampMs >= 0 ? timestampMs : undefined, split);
  }

  #skipOrFail(error: unknown, { position }: SourceRecord): void {
    if (this.#options.onDeserializeError === 'skip') {
      this.#recordsSkipped?.add();
      return;
    }
    const where = `deserialize of the record at ${position.split}, offset ${position.offset}`;
    const { message } = classifyUnknown(error, where);
    throw new StreamError(
      {
        code: 'kafka-deserialize-failed',
        reaction: 'fail-job',
        message,
        remedy: "Correct deserialize, or set onDeserializeError: 'skip' to drop and count such records.",
      },
      { cause: error },
    );
  }

  #openNext(fetcher: KafkaFetcher): boolean {
    const fetched = fetcher.take();
    if (fetched === undefined) {
      return false;
    }
    const split = required(this.#splits.get(fetched.split), `split ${fetched.split}`);
    // Chunks of a split come in order and without a gap: each is fetched from behind the one before.
    invariant(
      fetched.fetchOffset === split.next,
      `${split.id}: fetched from ${fetched.fetchOffset}, expected ${split.next}`,
    );
    this.#cursor = new RecordCursor(fetched, this.#limits, this.#names);
    this.#cursorSplit = split;
    this.#cursorBytes = fetched.records.length;
    return true;
  }

  #closeCursor(fetcher: KafkaFetcher): void {
    const split = this.#cursorSplit;
    this.#cursor = undefined;
    this.#cursorSplit = undefined;
    fetcher.release(this.#cursorBytes);
    if (split !== undefined && isFinished(split)) {
      fetcher.remove(split.id);
    }
  }

  /** I2; true when nothing is left to read and no split will come. */
  #finishSplits(): boolean {
    return this.#hasAllSplits && [...this.#splits.values()].every(isFinished);
  }

  #pendingRecords({ id, next, end }: OpenSplit): number {
    const known = this.#fetcher?.endOffset(id) ?? end;
    return known === undefined || known < next ? 0 : Number(known - next);
  }
}

function isFinished({ next, end }: OpenSplit): boolean {
  return end !== undefined && next >= end;
}
