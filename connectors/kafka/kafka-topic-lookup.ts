import type { Clock } from '../../shared/clock/clock.ts';
import type { OutputRecord } from '../../shared/connector/records.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import { brokerRefusal, deliveryTimeout, unknownTopic } from './broker-failures.ts';
import { isTransient, UNKNOWN_TOPIC_OR_PARTITION } from './error-codes.ts';
import type { KafkaClient } from './kafka-client.ts';
import { recordBytesMax } from './record-batch-encode.ts';

/** How long a topic that nobody knows may take to appear (it may have been created a moment ago). */
const UNKNOWN_TOPIC_MS = 10_000;
const PAUSE_MS = 200;

interface WaitingRecord {
  readonly record: OutputRecord;
  readonly section: number;
}

interface Waiting {
  /** In the order in which they were written, which is that of their sections. */
  readonly records: WaitingRecord[];
  readonly sinceMs: number;
}

export interface TopicLookupDeps {
  readonly client: KafkaClient;
  readonly clock: Clock;
  /** How long records may wait for brokers that do not answer. */
  readonly deliveryTimeoutMs: number;
  /** A topic was found: takes a record of it. */
  readonly onRecord: (record: OutputRecord, partitionCount: number, section: number) => void;
  readonly onFailure: (failure: Failure) => void;
}

/** Where records of topics that are not known yet wait, in order, while the cluster is asked for them. */
export class TopicLookup {
  readonly #deps: TopicLookupDeps;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stop = new AbortController();
  #heldBytes = 0;
  #running: Promise<void> | undefined;

  constructor(deps: TopicLookupDeps) {
    this.#deps = deps;
  }

  /** An upper bound of what the waiting records will take encoded. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  has(topic: string): boolean {
    return this.#waiting.has(topic);
  }

  /** True when no record of a section, or of one before it, waits. */
  isFlushed(section: number): boolean {
    return [...this.#waiting.values()].every(({ records }) => (records[0]?.section ?? section + 1) > section);
  }

  wait(record: OutputRecord, section: number): void {
    let waiting = this.#waiting.get(record.topic);
    if (waiting === undefined) {
      waiting = { records: [], sinceMs: this.#deps.clock.monotonicMs() };
      this.#waiting.set(record.topic, waiting);
    }
    waiting.records.push({ record, section });
    this.#heldBytes += recordBytesMax(record.key, record.value, record.headers);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { client, clock } = this.#deps;
    const { signal } = this.#stop;
    while (this.#waiting.size > 0 && !signal.aborted) {
      try {
        const { topics } = await client.metadata([...this.#waiting.keys()], signal);
        for (const { topic, errorCode, partitions } of topics) {
          this.#onAnswer(topic, errorCode, partitions.length);
        }
      } catch (error) {
        this.#onError(classifyUnknown(error, 'Kafka writer'));
      }
      if (this.#waiting.size > 0) {
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  }

  #onAnswer(topic: string, errorCode: number, partitionCount: number): void {
    const waiting = this.#waiting.get(topic);
    if (waiting === undefined) {
      return;
    }
    const { client, clock, onRecord } = this.#deps;
    if (errorCode === 0 && partitionCount > 0) {
      this.#waiting.delete(topic);
      for (const { record, section } of waiting.records) {
        this.#heldBytes -= recordBytesMax(record.key, record.value, record.headers);
        onRecord(record, partitionCount, section);
      }
      return;
    }
    if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) {
      if (clock.monotonicMs() - waiting.sinceMs > UNKNOWN_TOPIC_MS) {
        this.#fail(unknownTopic(topic, client.brokers));
      }
    } else if (!isTransient(errorCode)) {
      this.#fail(brokerRefusal(errorCode, 'Writing to topic', topic, client.brokers));
    }
  }

  #onError(failure: Failure): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    const { clock, deliveryTimeoutMs } = this.#deps;
    const oldestMs = Math.min(...[...this.#waiting.values()].map(({ sinceMs }) => sinceMs));
    if (failure.reaction !== 'retry') {
      this.#fail(failure);
    } else if (clock.monotonicMs() - oldestMs > deliveryTimeoutMs) {
      this.#fail(deliveryTimeout(`A record for ${[...this.#waiting.keys()].join(', ')}`, deliveryTimeoutMs, failure));
    }
  }

  #fail(failure: Failure): void {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      this.#deps.onFailure(failure);
    }
  }
}
