import type { SourceReaderContext } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import { brokerRefusal, offsetOutOfRange } from './broker-failures.ts';
import { OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION } from './error-codes.ts';
import { FetchBuffer } from './fetch-buffer.ts';
import type { FetchAnswer, FetchedPartition } from './fetch-request.ts';
import { fetchRequest, parseFetch } from './fetch-request.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, closeBroker, isTransient, releaseClient } from './kafka-client.ts';
import type { Broker } from './kafka-internals-wire.ts';
import type { KafkaEndpoint } from './kafka-security.ts';
import type { CheckedSource } from './options.ts';
import type { RecordSet } from './record-batch-decode.ts';
import { offsetBehind } from './record-batch-decode.ts';
import type { SplitPosition } from './split-position.ts';
import { splitIdOf } from './split-position.ts';

interface FetchedSplit {
  readonly id: SplitId;
  readonly topic: string;
  readonly partition: number;
  readonly end: bigint | undefined;
  fetchOffset: bigint;
  endOffset: bigint | undefined;
  /** The broker whose loop fetches it; undefined while its leader is looked for. */
  nodeId: number | undefined;
  /** Since when no broker has answered for it. */
  silentSinceMs: number;
}

/** How long a partition may stay unreachable before the attempt fails (and, restarted, tries again). */
const UNREACHABLE_MS = 120_000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 2_000;
/**
 * After an answer with little in it the next is asked for a little later. Without this pause a slow stream costs a request for
 * each record or two: at 1,000 records/s they took half of a core and made every hundredth record late.
 */
const SPARSE_ANSWER_BYTES = 32_768;
const SPARSE_PAUSE_MS = 4;

/**
 * Fetches beside the reader, one loop per broker that leads partitions of it.
 *
 * I1  A split is fetched by one loop at a time, from behind what was fetched before; an answer that does not begin where the
 *     split now stands is dropped.
 * I2  A loop asks only for what fits the buffer: a reader that is not polled stops fetching.
 * I3  An offset that is not in the log is a failure, never a reset.
 * I4  Lost connections and moved leaders are retried from the same offset, so nothing is lost or doubled.
 */
export class KafkaFetcher {
  readonly #options: CheckedSource;
  readonly #context: SourceReaderContext;
  readonly #client: KafkaClient;
  readonly #buffer: FetchBuffer;
  readonly #splits = new Map<SplitId, FetchedSplit>();
  readonly #loops = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #finder: Promise<void> | undefined;
  #latencyMs = 0;
  /** Failures in a row, of any broker: the backoff grows with them. */
  #failures = 0;
  #turn = 0;

  constructor(options: CheckedSource, endpoint: KafkaEndpoint, context: SourceReaderContext) {
    this.#options = options;
    this.#context = context;
    this.#buffer = new FetchBuffer(options.bufferBytes);
    this.#client = acquireClient(endpoint, context.logger);
    context.metrics.gauge('fetchLatencyMs', () => this.#latencyMs);
    context.metrics.gauge('fetchBufferBytes', () => this.#buffer.heldBytes);
  }

  add(positions: readonly SplitPosition[]): void {
    const silentSinceMs = this.#context.clock.monotonicMs();
    for (const { topic, partition, next, end } of positions) {
      const id = splitIdOf(topic, partition);
      const split = {
        id,
        topic,
        partition,
        end,
        fetchOffset: next,
        endOffset: undefined,
        nodeId: undefined,
        silentSinceMs,
      };
      this.#splits.set(id, split);
    }
    this.#findLeaders();
  }

  remove(id: SplitId): void {
    this.#splits.delete(id);
    this.#buffer.drop(id);
  }

  take(): RecordSet | undefined {
    return this.#buffer.take();
  }

  release(bytes: number): void {
    this.#buffer.release(bytes);
  }

  /** The end of the partition as last heard. */
  endOffset(id: SplitId): bigint | undefined {
    return this.#splits.get(id)?.endOffset;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#loops.values(), this.#finder]);
    await releaseClient(this.#client);
  }

  /** Starts looking for the leaders of splits that have none, unless that is under way. */
  #findLeaders(): void {
    if (this.#finder !== undefined || this.#stop.signal.aborted) {
      return;
    }
    this.#finder = this.#runFinder().finally(() => {
      this.#finder = undefined;
      if (this.#lost().length > 0) {
        this.#findLeaders();
      }
    });
  }

  #lost(): readonly FetchedSplit[] {
    return this.#stop.signal.aborted ? [] : [...this.#splits.values()].filter(({ nodeId }) => nodeId === undefined);
  }

  async #runFinder(): Promise<void> {
    for (let lost = this.#lost(); lost.length > 0; lost = this.#lost()) {
      try {
        await this.#askLeaders(lost);
      } catch (error) {
        if (!this.#isTolerable(error)) {
          return;
        }
      }
      if (this.#lost().length > 0) {
        await this.#backOff();
      }
    }
  }

  async #backOff(): Promise<void> {
    const ms = Math.min(BACKOFF_MIN_MS * 2 ** Math.min(this.#failures, 10), BACKOFF_MAX_MS);
    this.#failures += 1;
    await this.#context.clock.sleep(ms, this.#stop.signal);
  }

  async #askLeaders(lost: readonly FetchedSplit[]): Promise<void> {
    const topics = [...new Set(lost.map(({ topic }) => topic))];
    this.#client.forgetLeaders(topics);
    const { topics: heard } = await this.#client.metadata(topics, this.#stop.signal);
    const refused = heard.find(
      ({ errorCode }) => errorCode !== 0 && (!isTransient(errorCode) || errorCode === UNKNOWN_TOPIC_OR_PARTITION),
    );
    if (refused !== undefined) {
      // A broker that just started does not know its topics yet: only one that stays unknown is gone.
      const failure = brokerRefusal(refused.errorCode, 'Reading topic', refused.topic, this.#client.brokers);
      throw new StreamError(isTransient(refused.errorCode) ? { ...failure, reaction: 'retry' } : failure);
    }
    for (const split of lost) {
      split.nodeId = this.#client.leaderOf(split.topic, split.partition);
      if (split.nodeId !== undefined) {
        this.#ensureLoop(split.nodeId);
      }
    }
  }

  #ensureLoop(nodeId: number): void {
    if (this.#loops.has(nodeId)) {
      return;
    }
    const loop = this.#runLoop(nodeId).finally(() => {
      this.#loops.delete(nodeId);
      for (const split of this.#splits.values()) {
        if (split.nodeId === nodeId) {
          split.nodeId = undefined;
        }
      }
      if (this.#lost().length > 0) {
        this.#findLeaders();
      }
    });
    this.#loops.set(nodeId, loop);
  }

  /** Fetches from one broker until it leads nothing of ours, or the connection breaks (I4). */
  async #runLoop(nodeId: number): Promise<void> {
    const { signal } = this.#stop;
    let broker: Broker | undefined;
    try {
      broker = await this.#client.openBroker(nodeId, signal);
      while (!signal.aborted && this.#isLed(nodeId)) {
        const granted = this.#buffer.reserve(this.#options.fetchMaxBytes);
        if (granted === 0) {
          await this.#room();
          continue;
        }
        try {
          await this.#fetchOnce(broker, nodeId, granted);
        } finally {
          this.#buffer.settle(granted);
        }
      }
    } catch (error) {
      if (this.#isTolerable(error)) {
        await this.#backOff();
      }
    } finally {
      if (broker !== undefined) {
        await closeBroker(broker);
      }
    }
  }

  #isLed(nodeId: number): boolean {
    return [...this.#splits.values()].some((split) => split.nodeId === nodeId);
  }

  /** Ends when the buffer has room again, or on close. */
  async #room(): Promise<void> {
    const { signal } = this.#stop;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#buffer.onRoom(done);
    });
  }

  async #fetchOnce(broker: Broker, nodeId: number, maxBytes: number): Promise<void> {
    const { clock } = this.#context;
    const { isolation, fetchMaxWaitMs } = this.#options;
    const asked = this.#inTurn(nodeId);
    const queries = asked.map(({ topic, partition, fetchOffset }) => ({ topic, partition, offset: fetchOffset }));
    const request = fetchRequest(queries, { maxBytes, maxWaitMs: fetchMaxWaitMs, isolation });
    const sentMs = clock.monotonicMs();
    const bytes = await this.#client.sendOver(broker, request, this.#stop.signal);
    const answer = parseFetch(bytes, isolation);
    this.#latencyMs = clock.monotonicMs() - sentMs;
    this.#failures = 0;
    const offsets = new Map(asked.map(({ id, fetchOffset }) => [id, fetchOffset]));
    this.#accept(answer, offsets);
    const sparseMs = bytes.length < SPARSE_ANSWER_BYTES ? SPARSE_PAUSE_MS : 0;
    const pauseMs = Math.max(sparseMs, Math.min(answer.throttleMs, BACKOFF_MAX_MS));
    if (pauseMs > 0) {
      await clock.sleep(pauseMs, this.#stop.signal);
    }
  }

  /** The splits of a broker, beginning with another one each time: the first of a request fills it when all have much. */
  #inTurn(nodeId: number): readonly FetchedSplit[] {
    const mine = [...this.#splits.values()].filter((split) => split.nodeId === nodeId);
    this.#turn += 1;
    const first = this.#turn % Math.max(mine.length, 1);
    return [...mine.slice(first), ...mine.slice(0, first)];
  }

  #accept(answer: FetchAnswer, asked: ReadonlyMap<SplitId, bigint>): void {
    if (answer.errorCode !== 0) {
      throw new StreamError({
        code: 'kafka-fetch-refused',
        reaction: isTransient(answer.errorCode) ? 'retry' : 'restart-job',
        message: `Kafka at ${this.#client.brokers.join(',')} refused to be read from (error ${answer.errorCode}).`,
      });
    }
    let hasNew = false;
    for (const fetched of answer.partitions) {
      const split = this.#splits.get(splitIdOf(fetched.topic, fetched.partition));
      if (split === undefined || asked.get(split.id) !== split.fetchOffset) {
        continue;
      }
      hasNew = this.#acceptSplit(split, fetched) || hasNew;
    }
    if (hasNew) {
      this.#context.wake();
    }
  }

  #acceptSplit(split: FetchedSplit, fetched: FetchedPartition): boolean {
    if (fetched.errorCode === OFFSET_OUT_OF_RANGE) {
      throw new StreamError(offsetOutOfRange(split.topic, split.partition, split.fetchOffset));
    }
    if (fetched.errorCode !== 0) {
      if (!isTransient(fetched.errorCode)) {
        throw new StreamError(
          brokerRefusal(
            fetched.errorCode,
            `Reading partition ${split.partition} of`,
            split.topic,
            this.#client.brokers,
          ),
        );
      }
      split.nodeId = undefined;
      this.#findLeaders();
      return false;
    }
    split.endOffset = fetched.endOffset;
    split.silentSinceMs = this.#context.clock.monotonicMs();
    const next = offsetBehind(fetched.records, split.fetchOffset);
    if (next === split.fetchOffset) {
      return false;
    }
    const { id, topic, partition, fetchOffset } = split;
    this.#buffer.put({ split: id, topic, partition, fetchOffset, records: fetched.records, aborted: fetched.aborted });
    split.fetchOffset = next;
    if (split.end !== undefined && next >= split.end) {
      this.#splits.delete(id);
    }
    return true;
  }

  /** True when it is worth another try. Otherwise the attempt has been failed. */
  #isTolerable(error: unknown): boolean {
    if (this.#stop.signal.aborted) {
      return false;
    }
    const failure: Failure = classifyUnknown(error, 'Kafka reader');
    const now = this.#context.clock.monotonicMs();
    const isSilent = this.#lost().some(({ silentSinceMs }) => now - silentSinceMs > UNREACHABLE_MS);
    if (failure.reaction === 'retry' && !isSilent) {
      const say = this.#failures === 0 ? 'warn' : 'debug';
      this.#context.logger[say]('kafka-read-retried', { code: failure.code, text: failure.message });
      return true;
    }
    this.#context.fail(failure.reaction === 'retry' ? { ...failure, reaction: 'restart-job' } : failure);
    this.#stop.abort();
    return false;
  }
}
