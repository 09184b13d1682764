import { randomUUID } from 'node:crypto';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { Committable, SinkCommitter } from '../../shared/connector/sink.ts';
import { parseAttemptNumber } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { KafkaAdmin } from './kafka-admin.ts';
import { kafkaCoordinatorConnector } from './kafka-coordinator-connector.ts';
import type { WriterPlace } from './kafka-harness-testing.ts';
import { WriterHarness } from './kafka-harness-testing.ts';
import type { KafkaSinkOptions } from './options.ts';
import { kafkaSink } from './sink-spec.ts';

/** The writers and the committer of one exactly-once sink, in a cluster of its own name. */
export class SinkHarness {
  readonly clusterId = `test-${randomUUID()}`;
  readonly #settings: ConnectorSettings;
  readonly #options: KafkaSinkOptions;
  readonly #writers: WriterHarness[] = [];

  constructor(settings: ConnectorSettings, options: KafkaSinkOptions = {}) {
    this.#settings = settings;
    this.#options = { guarantee: 'exactly-once', ...options };
  }

  get prefix(): string {
    return `${this.clusterId}/`;
  }

  async writer(place: Partial<WriterPlace> = {}, settings = this.#settings): Promise<WriterHarness> {
    const harness = new WriterHarness(settings, this.#options, { clusterId: this.clusterId, ...place });
    this.#writers.push(harness);
    await harness.open();
    return harness;
  }

  /** Each call as by a process of its own. */
  async withCommitter<T>(work: (committer: SinkCommitter) => Promise<T>, settings = this.#settings): Promise<T> {
    const committer = kafkaCoordinatorConnector.createCommitter(kafkaSink(this.#options), {
      settings,
      jobId: 'test',
      uid: 'sink',
      clusterId: this.clusterId,
      logger: silentLogger,
      clock: nodeClock,
    });
    try {
      return await work(committer);
    } finally {
      await committer.close();
    }
  }

  async commit(committables: readonly Committable[]): Promise<void> {
    await this.withCommitter(async (committer) => {
      await committer.commit(committables, AbortSignal.timeout(60_000));
    });
  }

  async abandon(attempt: number, parallelism = 1, transactionPool = 6): Promise<void> {
    await this.withCommitter(async (committer) => {
      const abandoned = { attempt: parseAttemptNumber(attempt), parallelism, transactionPool };
      await committer.abandon(abandoned, AbortSignal.timeout(60_000));
    });
  }

  async close(): Promise<void> {
    for (const writer of this.#writers) {
      await writer.close();
    }
  }
}

/** Waits until the brokers have written the markers of all commits and aborts that are under way. */
export async function settleTransactions(admin: KafkaAdmin, prefix: string): Promise<void> {
  const signal = AbortSignal.timeout(30_000);
  for (;;) {
    const open = await admin.openTransactions(prefix, signal);
    if (open.every(({ state }) => state === 'Ongoing')) {
      return;
    }
    await nodeClock.sleep(5, signal);
    signal.throwIfAborted();
  }
}

/** The `n` headers of what readers that read committed see of a topic now, sorted as numbers. */
export async function visibleNumbers(admin: KafkaAdmin, topic: string, prefix: string): Promise<readonly number[]> {
  await settleTransactions(admin, prefix);
  const numbers: number[] = [];
  for await (const { headers } of admin.read({ topic }, AbortSignal.timeout(60_000))) {
    numbers.push(Number(String(headers['n'])));
  }
  return numbers.sort((a, b) => a - b);
}

export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
