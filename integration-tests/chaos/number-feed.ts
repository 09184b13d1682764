import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { Producer } from 'kafkajs';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';

const KEYS = 24;
const BATCH_EVERY_MS = 20;
const TIMER_EVERY = 5;

/** Writes amounts under a few keys, at a steady rate, for as long as a scenario lasts. */
export class NumberFeed {
  sent = 0;
  readonly #perKey = new Map<string, number>();
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #random: Random;
  #pausing = new AbortController();
  #running: Promise<void> | undefined;
  #perSecond = 300;

  private constructor(producer: Producer, topic: string, seed: number) {
    this.#producer = producer;
    this.#topic = topic;
    this.#random = seededRandom(seed);
  }

  static async open(brokers: string, topic: string, seed: number): Promise<NumberFeed> {
    const kafka = new Kafka({
      clientId: 'number-feed',
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 200 },
    });
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    return new NumberFeed(producer, topic, seed);
  }

  async send(count: number): Promise<void> {
    const messages = Array.from({ length: count }, () => ({
      key: `k${this.#random.below(KEYS)}`,
      value: String(this.#random.below(1_000)),
    }));
    await this.#producer.send({ topic: this.#topic, acks: -1, messages });
    this.sent += count;
    for (const { key } of messages) {
      this.#perKey.set(key, (this.#perKey.get(key) ?? 0) + 1);
    }
  }

  /** Results that the job owes for what was sent: one for each message, and one for each timer. */
  get resultsExpected(): number {
    return [...this.#perKey.values()].reduce((sum, count) => sum + count + Math.floor(count / TIMER_EVERY), 0);
  }

  /** Goes on in the background until `pause` or `stop`. */
  start(perSecond = this.#perSecond): void {
    this.#perSecond = perSecond;
    this.#pausing = new AbortController();
    const perBatch = Math.max(1, Math.round((perSecond * BATCH_EVERY_MS) / 1_000));
    this.#running = this.#run(perBatch, this.#pausing.signal);
  }

  async pause(): Promise<void> {
    this.#pausing.abort();
    await this.#running;
  }

  async stop(): Promise<void> {
    await this.pause();
    await this.#producer.disconnect();
  }

  async #run(perBatch: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.send(perBatch);
      await new Promise((resolve) => {
        setTimeout(resolve, BATCH_EVERY_MS);
      });
    }
  }
}
