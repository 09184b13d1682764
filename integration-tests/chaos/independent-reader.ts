import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import type { Consumer, KafkaMessage } from 'kafkajs';
import { eventually } from '../harness/eventually.ts';
import type { ReadRecord } from './check-counting.ts';
import { correctKafkajs } from './kafkajs-aborted-wire.ts';

correctKafkajs();

/** A record that ends a reading: behind it nothing of the scenario stands. */
const SENTINEL = '\u0000end';

/**
 * Reads a topic as somebody else's consumer would: read-committed unless told otherwise, with the public API of kafkajs, none of our own fetching
 * or decoding. It reads from its opening on, so that what was visible is known although a later fault might hide it.
 */
export class IndependentReader {
  readonly records: ReadRecord[] = [];
  /** When each of them became visible (`performance.now()`), and the time that its producer gave it (epoch milliseconds). */
  readonly arrivals: number[] = [];
  readonly timestamps: number[] = [];
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #consumer: Consumer;
  readonly #group = `check-${randomUUID()}`;
  readonly #ended = new Map<string, Set<number>>();

  private constructor(brokers: string, topic: string, isolation: 'read-committed' | 'read-uncommitted') {
    this.#kafka = new Kafka({
      clientId: 'independent-reader',
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 200 },
    });
    this.#topic = topic;
    this.#consumer = this.#kafka.consumer({
      groupId: this.#group,
      readUncommitted: isolation === 'read-uncommitted',
      maxWaitTimeInMs: 100,
      metadataMaxAge: 5_000,
    });
  }

  static async open(
    brokers: string,
    topic: string,
    isolation: 'read-committed' | 'read-uncommitted' = 'read-committed',
  ): Promise<IndependentReader> {
    const reader = new IndependentReader(brokers, topic, isolation);
    await reader.#consumer.connect();
    await reader.#consumer.subscribe({ topic, fromBeginning: true });
    await reader.#consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        reader.#take(partition, message);
        await Promise.resolve();
      },
    });
    return reader;
  }

  /** The longest time in which nothing new was seen, between the first record and the last, from `since` (`performance.now()`) on. */
  longestPauseMs(since = 0): number {
    const arrivals = this.arrivals.filter((at) => at >= since);
    return arrivals.reduce((longest, at, i) => Math.max(longest, at - (arrivals[i - 1] ?? at)), 0);
  }

  /** All records, partition by partition in the order of their offsets. */
  get inOrder(): readonly ReadRecord[] {
    return this.records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

  /**
   * Resolves when everything is read that is in the topic now. It writes an end mark into each partition: a transaction that
   * somebody left open would hide it, so this is also the proof that none is open.
   */
  async toTheEnd(withinMs = 20_000): Promise<void> {
    const round = randomUUID();
    const seen = new Set<number>();
    this.#ended.set(round, seen);
    const admin = this.#kafka.admin();
    const producer = this.#kafka.producer();
    try {
      await Promise.all([admin.connect(), producer.connect()]);
      const { topics } = await admin.fetchTopicMetadata({ topics: [this.#topic] });
      const partitions = topics[0]?.partitions.map(({ partitionId }) => partitionId) ?? [];
      await producer.send({
        topic: this.#topic,
        messages: partitions.map((partition) => ({ partition, key: SENTINEL, value: round })),
      });
      await eventually(
        `a read-committed reader of ${this.#topic} reaches its end (else a transaction is open)`,
        () => (seen.size === partitions.length ? true : undefined),
        withinMs,
      );
    } finally {
      await Promise.all([admin.disconnect(), producer.disconnect()]);
    }
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect();
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.deleteGroups([this.#group]).catch(() => undefined);
    await admin.disconnect();
  }

  #take(partition: number, { offset, key, value, timestamp }: KafkaMessage): void {
    const name = key?.toString() ?? '';
    const text = value?.toString() ?? '';
    if (name === SENTINEL) {
      this.#ended.get(text)?.add(partition);
      return;
    }
    this.records.push({ partition, offset: Number(offset), key: name, value: text });
    this.arrivals.push(performance.now());
    this.timestamps.push(Number(timestamp));
  }
}
