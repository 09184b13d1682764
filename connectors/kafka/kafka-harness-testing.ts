import type { Clock } from '../../shared/clock/clock.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { OutputRecord, SourceRecord } from '../../shared/connector/records.ts';
import type { Committable, SinkWriter } from '../../shared/connector/sink.ts';
import type { PollResult, SourceReader, SplitState } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import { parseAttemptNumber, parseCheckpointId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { kafkaCoordinatorConnector } from './kafka-coordinator-connector.ts';
import { kafkaTaskConnector } from './kafka-task-connector.ts';
import type { KafkaSinkOptions, KafkaSourceOptions } from './options.ts';
import { kafkaSink } from './sink-spec.ts';
import { kafkaSource } from './source-spec.ts';

/** Runs a source and a sink of Kafka as the coordinator and a slot would, for tests. */

export function settingsOf(brokers: string, more: Readonly<Record<string, string>> = {}): ConnectorSettings {
  return new Map([['kafka.bootstrap.servers', brokers], ...Object.entries(more)]);
}

export async function discover(
  settings: ConnectorSettings,
  options: KafkaSourceOptions,
  known: readonly SplitId[] = [],
): Promise<readonly SplitState[]> {
  const context = { settings, logger: silentLogger, clock: nodeClock };
  const enumerator = kafkaCoordinatorConnector.createEnumerator(kafkaSource(options), context);
  try {
    const { splits } = await enumerator.discover(new Set(known), AbortSignal.timeout(30_000));
    return splits;
  } finally {
    await enumerator.close();
  }
}

export class ReaderHarness {
  readonly records: SourceRecord[] = [];
  readonly registry = new MetricRegistry();
  readonly #reader: SourceReader<unknown>;
  readonly #settings: ConnectorSettings;
  readonly #clock: Clock;
  #wake: (() => void) | undefined;
  #isAwake = false;
  failure: Failure | undefined;

  constructor(settings: ConnectorSettings, options: KafkaSourceOptions, clock: Clock = nodeClock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#reader = kafkaTaskConnector.createReader(kafkaSource(options));
  }

  get reader(): SourceReader<unknown> {
    return this.#reader;
  }

  async open(splits: readonly SplitState[], isComplete: boolean): Promise<void> {
    await this.#reader.open(
      {
        settings: this.#settings,
        subtask: 0,
        parallelism: 1,
        logger: silentLogger,
        clock: this.#clock,
        metrics: this.registry.group({}),
        wake: () => {
          this.#isAwake = true;
          this.#wake?.();
        },
        requestSplit: () => undefined,
        fail: (failure) => {
          this.failure = failure;
          this.#isAwake = true;
          this.#wake?.();
        },
      },
      AbortSignal.timeout(60_000),
    );
    this.#reader.addSplits(splits);
    if (isComplete) {
      this.#reader.noMoreSplits();
    }
  }

  poll(max: number): PollResult {
    return this.#reader.poll(max, {
      collect: (value) => {
        this.records.push(value as SourceRecord);
      },
    });
  }

  /** Polls until `until` holds or the source is finished. Throws the reader's failure, and after `timeoutMs`. */
  async run(until: () => boolean = () => false, timeoutMs = 60_000, max = 200): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!until()) {
      const outcome = this.poll(max);
      if (this.failure !== undefined) {
        throw new StreamError(this.failure);
      }
      if (outcome === 'finished') {
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`the reader had ${this.records.length} records after ${timeoutMs} ms`);
      }
      await (outcome === 'wait' ? this.#untilAwake(200) : new Promise(setImmediate));
    }
  }

  gauge(name: string): number {
    return this.registry
      .samples()
      .filter((sample) => sample.name === name)
      .reduce((sum, { value }) => sum + value, 0);
  }

  async close(): Promise<void> {
    await this.#reader.close();
  }

  async #untilAwake(ms: number): Promise<void> {
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isAwake = false;
    this.#wake = undefined;
  }
}

/** Which writer of which job it is. */
export interface WriterPlace {
  readonly clusterId: string;
  readonly jobId: string;
  readonly uid: string;
  readonly attempt: number;
  readonly subtask: number;
  readonly transactionPool: number;
}

const firstPlace = { clusterId: 'test', jobId: 'test', uid: 'sink', attempt: 1, subtask: 0, transactionPool: 6 };

export class WriterHarness {
  readonly registry = new MetricRegistry();
  readonly #place: WriterPlace;
  readonly #writer: SinkWriter<OutputRecord>;
  readonly #settings: ConnectorSettings;
  #wake: (() => void) | undefined;
  failure: Failure | undefined;

  constructor(settings: ConnectorSettings, options: KafkaSinkOptions, place: Partial<WriterPlace> = {}) {
    this.#settings = settings;
    this.#place = { ...firstPlace, ...place };
    this.#writer = kafkaTaskConnector.createWriter(kafkaSink(options));
  }

  get writer(): SinkWriter<OutputRecord> {
    return this.#writer;
  }

  async open(): Promise<void> {
    await this.#writer.open(
      {
        settings: this.#settings,
        ...this.#place,
        attempt: parseAttemptNumber(this.#place.attempt),
        parallelism: this.#place.subtask + 1,
        transactionPool: this.#place.transactionPool,
        logger: silentLogger,
        clock: nodeClock,
        metrics: this.registry.group({}),
        wake: () => this.#wake?.(),
        fail: (failure) => {
          this.failure = failure;
          this.#wake?.();
        },
      },
      AbortSignal.timeout(60_000),
    );
  }

  /** Writes with the manners of a slot: never while the writer is not writable. */
  async write(records: Iterable<OutputRecord>): Promise<void> {
    let count = 0;
    for (const record of records) {
      if (!this.#writer.isWritable && this.failure === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      this.#writer.write(record);
      count += 1;
      if (count % 100 === 0) {
        await new Promise(setImmediate);
      }
    }
  }

  /** The committables for a checkpoint. */
  async prepare(checkpoint: number, timeoutMs = 60_000): Promise<readonly Committable[]> {
    const signal = AbortSignal.timeout(timeoutMs);
    const prepared = await this.#writer.prepareCommit(parseCheckpointId(BigInt(checkpoint)), signal);
    return prepared.map(({ committable }) => committable);
  }

  async flush(timeoutMs = 60_000): Promise<void> {
    await this.#writer.flush(AbortSignal.timeout(timeoutMs));
  }

  gauge(name: string): number {
    return this.registry.samples().find((sample) => sample.name === name)?.value ?? 0;
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}

let topicCount = 0;

/** A topic name that no other test has. */
export function newTopic(what: string): string {
  topicCount += 1;
  return `test-${what}-${process.pid}-${topicCount}-${Math.floor(performance.now())}`;
}

/** The failure that work ends with; undefined when it succeeds. */
export async function failureOf(work: Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof StreamError) {
      return error.failure;
    }
    throw error;
  }
}

export function outputs(topic: string, count: number, from = 0): OutputRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: `key-${from + i}`,
    value: Buffer.from(`value ${from + i}`),
    headers: { n: String(from + i) },
  }));
}
