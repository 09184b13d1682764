import type { PreparedOutput, SinkWriter, SinkWriterContext } from '../../shared/connector/sink.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import type { BatchIdentities } from './batch-identities.ts';
import { constantIdentity } from './batch-identities.ts';
import { recordTooLarge } from './broker-failures.ts';
import { raceAbort } from './kafka-abort.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, releaseClient } from './kafka-client.ts';
import { KafkaCoordinators } from './kafka-coordinators.ts';
import { newProducerIdentity } from './kafka-producer-id.ts';
import { retryTransient } from './kafka-retry.ts';
import { endpointOf } from './kafka-security.ts';
import { KafkaSender } from './kafka-sender.ts';
import { TopicLookup } from './kafka-topic-lookup.ts';
import { KafkaTransactionalProducer } from './kafka-transactional-producer.ts';
import { Partitioner } from './partitioner.ts';
import type { SinkSetup } from './spec-wire.ts';
import { transactionalIdOf } from './transactional-id.ts';

/** How long opening tries to reach the brokers before the attempt fails. */
const OPEN_MS = 10_000;
/** How often the number of a topic's partitions is asked for again. */
const METADATA_MAX_AGE_MS = 300_000;

/** A flush that waits for a section. */
interface Flush {
  readonly section: number;
  readonly end: () => void;
}

/**
 * Writes records: `flush` resolves when everything written before is acknowledged by all in-sync replicas. With `exactly-once`
 * it writes in transactions, which a committer ends.
 *
 * I1  What is written and not acknowledged is bounded by `maxInFlightBytes` and what one turn of the task adds to it:
 *     above, `isWritable` is false.
 * I2  Records of a topic that is not known yet wait, in order, and count.
 * I3  After a failure nothing is sent; `write` and `flush` throw it.
 * I4  `prepareCommit` draws the line between two transactions when it is called. What is written behind the line is sent when
 *     everything before it is acknowledged and the transaction is given away, and in the next one.
 */
export class KafkaWriter implements SinkWriter<unknown> {
  readonly #setup: SinkSetup;
  readonly #stop = new AbortController();
  readonly #sentCounters = new Map<string, Counter>();
  #context: SinkWriterContext | undefined;
  #client: KafkaClient | undefined;
  #sender: KafkaSender | undefined;
  #partitioner = new Partitioner(0);
  #failure: Failure | undefined;
  #lookup: TopicLookup | undefined;
  #refresher: Promise<void> | undefined;
  #wasFull = false;
  #flushes: readonly Flush[] = [];
  #transactions: KafkaTransactionalProducer | undefined;

  constructor(setup: SinkSetup) {
    this.#setup = setup;
  }

  async open(context: SinkWriterContext, signal: AbortSignal): Promise<void> {
    try {
      await this.#open(context, signal);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #open(context: SinkWriterContext, signal: AbortSignal): Promise<void> {
    const { checked } = this.#setup;
    const { metrics, clock, logger } = context;
    this.#context = context;
    const client = acquireClient(endpointOf(checked.brokers, checked.security, context.settings), logger);
    this.#client = client;
    const identities = await this.#openIdentities(client, context, signal);
    const errors = metrics.counter('numRecordsSendErrors');
    const bytesSent = metrics.counter('bytes_sent');
    const sender = new KafkaSender({
      client,
      identities,
      options: checked,
      clock,
      logger,
      events: {
        onProgress: () => {
          this.#onProgress();
        },
        onSent: (topic, records, bytes) => {
          this.#sentCounter(topic).add(records);
          bytesSent.add(bytes);
        },
        onSendError: (records) => {
          errors.add(records);
        },
        onFailure: (failure) => {
          this.#fail(failure);
        },
      },
    });
    this.#sender = sender;
    this.#lookup = new TopicLookup({
      client,
      clock,
      deliveryTimeoutMs: checked.deliveryTimeoutMs,
      onRecord: (record, partitionCount, section) => {
        sender.add(record, this.#partitioner.choose(record, partitionCount), section);
      },
      onFailure: (failure) => {
        this.#fail(failure);
      },
    });
    this.#partitioner = new Partitioner(context.subtask);
    metrics.gauge('sendLatencyMs', () => sender.latencyMs);
    metrics.gauge('inFlightBytes', () => this.#heldBytes());
    this.#refresher = this.#refreshPartitions(client);
  }

  async #openIdentities(
    client: KafkaClient,
    context: SinkWriterContext,
    signal: AbortSignal,
  ): Promise<BatchIdentities> {
    const { topics, guarantee, transactionTimeoutMs, deliveryTimeoutMs } = this.#setup.checked;
    const { clock } = context;
    const retry = async <T>(work: () => Promise<T>): Promise<T> => await retryTransient(work, clock, OPEN_MS, signal);
    await retry(async () => {
      for (const topic of topics) {
        await client.topic(topic, signal);
      }
    });
    if (guarantee !== 'exactly-once') {
      return constantIdentity(await retry(async () => await newProducerIdentity(client, signal)));
    }
    const transactions = new KafkaTransactionalProducer({
      coordinators: new KafkaCoordinators(client),
      transactionalIds: Array.from({ length: context.transactionPool }, (_, n) => transactionalIdOf({ ...context, n })),
      transactionTimeoutMs,
      deliveryTimeoutMs,
      clock,
      onReady: () => this.#sender?.onIdentity(),
      onFailure: (failure) => {
        this.#fail(failure);
      },
    });
    this.#transactions = transactions;
    await transactions.open(signal);
    return transactions;
  }

  get isWritable(): boolean {
    const isFull = this.#heldBytes() >= this.#setup.checked.maxInFlightBytes;
    this.#wasFull ||= isFull;
    return !isFull;
  }

  write(value: unknown): void {
    throwFailure(this.#failure);
    const record = this.#setup.serialize(value);
    const { maxRecordBytes } = this.#setup.checked;
    if (record.value.length > maxRecordBytes) {
      const failure = recordTooLarge(record.topic, record.value.length, maxRecordBytes);
      this.#fail(failure);
      throwFailure(failure);
    }
    const partitions = this.#client?.partitionCount(record.topic) ?? this.#partitioner.lastCount(record.topic);
    if (partitions === undefined || this.#lookup?.has(record.topic) === true) {
      this.#lookup?.wait(record, this.#sender?.section ?? 0);
      return;
    }
    this.#sender?.add(record, this.#partitioner.choose(record, partitions));
  }

  async flush(signal: AbortSignal): Promise<void> {
    await this.#flushed(this.#openedSender().closeSection(), signal);
  }

  async prepareCommit(checkpoint: CheckpointId, signal: AbortSignal): Promise<readonly PreparedOutput[]> {
    const { guarantee } = this.#setup.checked;
    const sender = this.#openedSender();
    if (guarantee === 'none') {
      throwFailure(this.#failure);
      return [];
    }
    const section = sender.closeSection();
    if (this.#transactions === undefined) {
      await this.#flushed(section, signal);
      return [];
    }
    sender.holdBehind(section);
    try {
      await this.#flushed(section, signal);
      const prepared = this.#transactions.finish(checkpoint);
      return prepared === undefined ? [] : [prepared];
    } finally {
      sender.release();
    }
  }

  committed(checkpoint: CheckpointId): void {
    this.#transactions?.committed(checkpoint);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#sender?.close();
    await Promise.all([this.#lookup?.close(), this.#refresher, this.#transactions?.close()]);
    if (this.#client !== undefined) {
      await releaseClient(this.#client);
      this.#client = undefined;
    }
  }

  #heldBytes(): number {
    return (this.#lookup?.heldBytes ?? 0) + (this.#sender?.bufferedBytes ?? 0);
  }

  #sentCounter(topic: string): Counter {
    const known = this.#sentCounters.get(topic);
    if (known !== undefined) {
      return known;
    }
    const counter = required(this.#context, 'the context of an opened writer').metrics.counter('records_sent', {
      topic,
    });
    this.#sentCounters.set(topic, counter);
    return counter;
  }

  #onProgress(): void {
    if (this.#wasFull && this.isWritable) {
      this.#wasFull = false;
      this.#context?.wake();
    }
    if (this.#flushes.length > 0) {
      this.#endFlushes(({ section }) => this.#isFlushed(section));
    }
  }

  #openedSender(): KafkaSender {
    return required(this.#sender, 'the sender of an opened writer');
  }

  #isFlushed(section: number): boolean {
    return this.#lookup?.isFlushed(section) !== false && this.#openedSender().isFlushed(section);
  }

  /** Throws the writer's failure. */
  async #flushed(section: number, signal: AbortSignal): Promise<void> {
    if (this.#failure === undefined && !this.#isFlushed(section)) {
      await raceAbort(
        new Promise<void>((end) => {
          this.#flushes = [...this.#flushes, { section, end }];
        }),
        signal,
      );
    }
    throwFailure(this.#failure);
  }

  #endFlushes(isOver: (flush: Flush) => boolean): void {
    const over = this.#flushes.filter(isOver);
    this.#flushes = this.#flushes.filter((flush) => !over.includes(flush));
    for (const { end } of over) {
      end();
    }
  }

  #fail(failure: Failure): void {
    if (this.#failure === undefined && !this.#stop.signal.aborted) {
      this.#failure = failure;
      this.#context?.fail(failure);
      this.#endFlushes(() => true);
    }
  }

  /** Partitions may be added to a topic while it is written to. */
  async #refreshPartitions(client: KafkaClient): Promise<void> {
    const { clock, logger } = required(this.#context, 'the context of an opened writer');
    const { signal } = this.#stop;
    for (;;) {
      await clock.sleep(METADATA_MAX_AGE_MS, signal);
      if (signal.aborted) {
        return;
      }
      const topics = this.#partitioner.topics();
      try {
        await client.metadata(topics, signal);
      } catch (error) {
        logger.debug('kafka-metadata-refresh-failed', { text: classifyUnknown(error, 'Kafka writer').message });
      }
    }
  }
}

function throwFailure(failure: Failure | undefined): void {
  if (failure !== undefined) {
    throw new StreamError(failure);
  }
}
