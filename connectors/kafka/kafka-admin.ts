import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { OutputRecord, SourceRecord } from '../../shared/connector/records.ts';
import type { SourceReaderContext } from '../../shared/connector/source.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { parseAttemptNumber } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { Bell } from './bell.ts';
import { throwIfRefused } from './broker-failures.ts';
import { TOPIC_ALREADY_EXISTS } from './error-codes.ts';
import { raceAbort } from './kafka-abort.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, closeBroker, releaseClient } from './kafka-client.ts';
import { KafkaCoordinators } from './kafka-coordinators.ts';
import { KafkaEnumerator } from './kafka-enumerator.ts';
import { connectionFailure } from './kafka-errors.ts';
import type { Broker } from './kafka-internals-wire.ts';
import { listOffsets } from './kafka-offsets.ts';
import { listTransactions, OPEN_STATES } from './kafka-open-transactions.ts';
import { KafkaReader } from './kafka-reader.ts';
import { retryTransient } from './kafka-retry.ts';
import { endpointOf } from './kafka-security.ts';
import { KafkaWriter } from './kafka-writer.ts';
import { LATEST_TIMESTAMP } from './list-offsets-request.ts';
import type { KafkaSinkOptions, KafkaSourceOptions } from './options.ts';
import { checkedSource } from './options.ts';
import { kafkaSink } from './sink-spec.ts';
import { sinkOptionsOf } from './spec-wire.ts';
import type { DescribedTransaction, TransactionState } from './transaction-states-request.ts';

const ADMIN_TIMEOUT_MS = 10_000;
/** The broker's default.replication.factor. */
const BROKER_DEFAULT = -1;
const POLL_RECORDS = 500;

export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** The broker's default when absent. */
  readonly replicationFactor?: number;
  /** `max.message.bytes` and the like. */
  readonly config?: Readonly<Record<string, string>>;
}

/** What tools and tests do with a cluster besides streaming. Connection and login come from the settings (`kafka.…`). */
export class KafkaAdmin {
  readonly #settings: ConnectorSettings;
  readonly #logger: Logger;
  readonly #client: KafkaClient;
  readonly #coordinators: KafkaCoordinators;

  constructor(settings: ConnectorSettings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#client = acquireClient(endpointOf(undefined, {}, settings), logger);
    this.#coordinators = new KafkaCoordinators(this.#client);
  }

  async close(): Promise<void> {
    await releaseClient(this.#client);
  }

  /** Creates topics; one that exists already is an error unless `isOkToExist`. Resolves when every partition has a leader. */
  async createTopics(topics: readonly NewTopic[], signal: AbortSignal, isOkToExist = false): Promise<void> {
    const wanted = topics.map(({ topic, partitions, replicationFactor, config }) => ({
      topic,
      numPartitions: partitions,
      replicationFactor: replicationFactor ?? BROKER_DEFAULT,
      configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value })),
    }));
    for (const topic of wanted) {
      await this.#onController(
        signal,
        isOkToExist ? TOPIC_ALREADY_EXISTS : 0,
        topic.topic,
        async (broker) =>
          await broker.createTopics({ topics: [topic], validateOnly: false, timeout: ADMIN_TIMEOUT_MS }),
      );
    }
    await this.#untilLed(new Map(topics.map(({ topic, partitions }) => [topic, isOkToExist ? 1 : partitions])), signal);
  }

  /** Raises the number of partitions of a topic. */
  async createPartitions(topic: string, count: number, signal: AbortSignal): Promise<void> {
    await this.#onController(
      signal,
      0,
      topic,
      async (broker) =>
        await broker.createPartitions({
          topicPartitions: [{ topic, count }],
          timeout: ADMIN_TIMEOUT_MS,
          validateOnly: false,
        }),
    );
    await this.#untilLed(new Map([[topic, count]]), signal);
  }

  async deleteTopics(topics: readonly string[], signal: AbortSignal): Promise<void> {
    for (const topic of topics) {
      await this.#onController(
        signal,
        0,
        topic,
        async (broker) => await broker.deleteTopics({ topics: [topic], timeout: ADMIN_TIMEOUT_MS }),
      );
    }
    this.#client.forgetLeaders(topics);
  }

  /** Names of all topics but Kafka's own. */
  async topics(signal: AbortSignal): Promise<readonly string[]> {
    const { topics } = await this.#client.metadata(undefined, signal);
    return topics
      .filter(({ isInternal }) => !isInternal)
      .map(({ topic }) => topic)
      .sort();
  }

  /** The end offset of each partition, in order. */
  async endOffsets(topic: string, signal: AbortSignal): Promise<readonly bigint[]> {
    this.#client.forgetLeaders([topic]);
    const { partitions } = await this.#client.topic(topic, signal);
    const queries = partitions.map(({ partition }) => ({ topic, partition, timestamp: LATEST_TIMESTAMP }));
    const ask = async (): Promise<ReadonlyMap<string, bigint>> => {
      await this.#client.topic(topic, signal);
      return await listOffsets(this.#client, queries, 'read_uncommitted', signal);
    };
    const offsets = await retryTransient(ask, nodeClock, ADMIN_TIMEOUT_MS, signal);
    return partitions
      .map(({ partition }) => partition)
      .sort((a, b) => a - b)
      .map((partition) => offsets.get(`${topic}-${partition}`) ?? 0n);
  }

  /** Transactions that hold up readers, of ids that begin with `prefix`. */
  async openTransactions(prefix: string, signal: AbortSignal): Promise<readonly DescribedTransaction[]> {
    return await this.#list(prefix, OPEN_STATES, signal);
  }

  /** Whatever the brokers know of ids that begin with `prefix`. */
  async transactions(prefix: string, signal: AbortSignal): Promise<readonly DescribedTransaction[]> {
    return await this.#list(prefix, [], signal);
  }

  /** What is visible of topics now, from where `options` say, partition after partition as it arrives; open transactions are not waited for. */
  async *read(
    options: Omit<KafkaSourceOptions, 'bounded' | 'brokers'>,
    signal: AbortSignal,
  ): AsyncGenerator<SourceRecord> {
    const checked = checkedSource({ ...options, bounded: true }, undefined);
    const context = { settings: this.#settings, logger: this.#logger, clock: nodeClock };
    const enumerator = new KafkaEnumerator(checked, context, checked.isolation);
    const reader = new KafkaReader(checked);
    const bell = new Bell();
    const records: SourceRecord[] = [];
    try {
      const { splits } = await enumerator.discover(new Set(), signal);
      await reader.open(this.#readerContext(bell), signal);
      reader.addSplits(splits);
      reader.noMoreSplits();
      for (;;) {
        const outcome = reader.pollRecords(POLL_RECORDS, (record) => records.push(record));
        yield* records.splice(0);
        if (outcome === 'finished') {
          return;
        }
        if (outcome === 'wait') {
          await raceAbort(bell.rung(), signal);
        }
      }
    } finally {
      await reader.close();
      await enumerator.close();
    }
  }

  /** Writes records and resolves when all are acknowledged. */
  async produce(
    records: Iterable<OutputRecord>,
    signal: AbortSignal,
    options: Omit<KafkaSinkOptions, 'brokers'> = {},
  ): Promise<void> {
    const writer = new KafkaWriter(sinkOptionsOf(kafkaSink(options)));
    const bell = new Bell();
    try {
      await writer.open(
        {
          ...this.#readerContext(bell),
          jobId: 'admin',
          uid: 'produce',
          attempt: parseAttemptNumber(1),
          clusterId: 'admin',
          transactionPool: 1,
        },
        signal,
      );
      for (const record of records) {
        writer.write(record);
        while (!writer.isWritable) {
          await raceAbort(bell.rung(), signal);
        }
      }
      await writer.flush(signal);
    } finally {
      await writer.close();
    }
  }

  async #list(
    prefix: string,
    states: readonly TransactionState[],
    signal: AbortSignal,
  ): Promise<readonly DescribedTransaction[]> {
    const list = async (): Promise<readonly DescribedTransaction[]> =>
      await listTransactions(this.#coordinators, prefix, states, signal);
    return await retryTransient(list, nodeClock, ADMIN_TIMEOUT_MS, signal);
  }

  #readerContext(bell: Bell): SourceReaderContext {
    return {
      settings: this.#settings,
      subtask: 0,
      parallelism: 1,
      logger: this.#logger,
      clock: nodeClock,
      metrics: new MetricRegistry().group({}),
      wake: () => {
        bell.ring();
      },
      requestSplit: () => undefined,
      fail: (failure) => {
        bell.break(failure);
      },
    };
  }

  async #onController(
    signal: AbortSignal,
    tolerated: number,
    topic: string,
    work: (broker: Broker) => Promise<unknown>,
  ): Promise<void> {
    const broker = await this.#client.controller(signal);
    try {
      await raceAbort(work(broker), signal);
    } catch (error) {
      const code = protocolCode(error);
      if (code === undefined) {
        throw signal.aborted
          ? error
          : new StreamError(connectionFailure(error, this.#client.brokers), { cause: error });
      }
      if (code !== tolerated) {
        throwIfRefused(code, 'Changing topic', topic, this.#client.brokers);
      }
    } finally {
      await closeBroker(broker);
    }
  }

  async #untilLed(partitions: ReadonlyMap<string, number>, signal: AbortSignal): Promise<void> {
    const names = [...partitions.keys()];
    for (;;) {
      const { topics } = await this.#client.metadata(names, signal);
      const isLed = topics.every(
        ({ topic, errorCode, partitions: found }) =>
          errorCode === 0 && found.length >= (partitions.get(topic) ?? 1) && found.every(({ leader }) => leader >= 0),
      );
      if (isLed) {
        return;
      }
      signal.throwIfAborted();
      await nodeClock.sleep(50, signal);
    }
  }
}

/** The code of a broker's refusal in an error of kafkajs, which wraps one per topic. */
function protocolCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  if ('errors' in error && Array.isArray(error.errors)) {
    return protocolCode(error.errors[0]);
  }
  if ('code' in error && typeof error.code === 'number') {
    return error.code;
  }
  return error.cause === undefined ? undefined : protocolCode(error.cause);
}
