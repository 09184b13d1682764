import type { SourceReaderContext } from '../../shared/connector/source.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import { acceptFetched } from './accept-fetch.ts';
import { brokerRefusal, noLeader } from './broker-failures.ts';
import { isTransient, UNKNOWN_TOPIC_OR_PARTITION } from './error-codes.ts';
import { FetchBuffer } from './fetch-buffer.ts';
import type { FetchAnswer } from './fetch-request.ts';
import { fetchRequest, parseFetch } from './fetch-request.ts';
import type { FetchedSplit } from './fetched-splits.ts';
import { FetchedSplits } from './fetched-splits.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, closeBroker, releaseClient } from './kafka-client.ts';
import type { Broker } from './kafka-internals-wire.ts';
import type { KafkaEndpoint } from './kafka-security.ts';
import type { CheckedSource } from './options.ts';
import type { RecordSet } from './record-batch-decode.ts';
import { endOfRetries } from './silence.ts';
import type { SplitPosition } from './split-position.ts';
import { splitIdOf } from './split-position.ts';

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
 * I5  No split is retried without end: the silence of each is bounded (`UNREACHABLE_MS`), then the attempt fails.
 */
export class KafkaFetcher {
  readonly #options: CheckedSource;
  readonly #context: SourceReaderContext;
  readonly #client: KafkaClient;
  readonly #buffer: FetchBuffer;
  readonly #splits = new FetchedSplits();
  readonly #loops = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();
  #finder: Promise<void> | undefined;
  #latencyMs = 0;

  constructor(options: CheckedSource, endpoint: KafkaEndpoint, context: SourceReaderContext) {
    this.#options = options;
    this.#context = context;
    this.#buffer = new FetchBuffer(options.bufferBytes);
    this.#client = acquireClient(endpoint, context.logger);
    context.metrics.gauge('fetchLatencyMs', () => this.#latencyMs);
    context.metrics.gauge('fetchBufferBytes', () => this.#buffer.heldBytes);
  }

  add(positions: readonly SplitPosition[]): void {
    for (const position of positions) {
      this.#splits.add(position);
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
    return this.#stop.signal.aborted ? [] : this.#splits.lost();
  }

  async #runFinder(): Promise<void> {
    for (let lost = this.#lost(); lost.length > 0; lost = this.#lost()) {
      try {
        await this.#askLeaders(lost);
      } catch (error) {
        if (!this.#isTolerable(error, this.#lost())) {
          return;
        }
      }
      if (this.#lost().length > 0) {
        await this.#backOff(this.#lost());
      }
    }
  }

  /** Pauses for as long as the youngest silence lasts already: the pauses double. */
  async #backOff(tried: readonly FetchedSplit[]): Promise<void> {
    const { clock } = this.#context;
    const now = clock.monotonicMs();
    const youngestMs = tried.length === 0 ? 0 : Math.min(...tried.map(({ silence }) => silence.lengthMs(now)));
    await clock.sleep(Math.min(Math.max(youngestMs, BACKOFF_MIN_MS), BACKOFF_MAX_MS), this.#stop.signal);
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
    const leaderless = lost.find(({ nodeId }) => nodeId === undefined);
    if (leaderless !== undefined) {
      throw new StreamError(noLeader(leaderless.topic, leaderless.partition, this.#client.brokers));
    }
  }

  #ensureLoop(nodeId: number): void {
    if (this.#loops.has(nodeId)) {
      return;
    }
    const loop = this.#runLoop(nodeId).finally(() => {
      this.#loops.delete(nodeId);
      this.#splits.loseAllOf(nodeId);
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
      while (!signal.aborted && this.#splits.ledBy(nodeId).length > 0) {
        const granted = this.#buffer.reserve(this.#options.fetchMaxBytes);
        if (granted === 0) {
          await this.#room(nodeId);
          continue;
        }
        try {
          await this.#fetchOnce(broker, nodeId, granted);
        } finally {
          this.#buffer.settle(granted);
        }
      }
    } catch (error) {
      const tried = this.#splits.ledBy(nodeId);
      if (this.#isTolerable(error, tried)) {
        await this.#backOff(tried);
      }
    } finally {
      if (broker !== undefined) {
        await closeBroker(broker);
      }
    }
  }

  /** Ends when the buffer has room again, or on close. */
  async #room(nodeId: number): Promise<void> {
    const { signal } = this.#stop;
    const { clock } = this.#context;
    const fromMs = clock.monotonicMs();
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.#buffer.onRoom(done);
    });
    for (const { silence } of this.#splits.ledBy(nodeId)) {
      silence.onPause(fromMs, clock.monotonicMs());
    }
  }

  async #fetchOnce(broker: Broker, nodeId: number, maxBytes: number): Promise<void> {
    const { clock } = this.#context;
    const { isolation, fetchMaxWaitMs } = this.#options;
    const asked = this.#splits.inTurn(nodeId);
    const queries = asked.map(({ topic, partition, fetchOffset }) => ({ topic, partition, offset: fetchOffset }));
    const request = fetchRequest(queries, { maxBytes, maxWaitMs: fetchMaxWaitMs, isolation });
    const sentMs = clock.monotonicMs();
    const bytes = await this.#client.sendOver(broker, request, this.#stop.signal);
    const answer = parseFetch(bytes, isolation);
    this.#latencyMs = clock.monotonicMs() - sentMs;
    const offsets = new Map(asked.map(({ id, fetchOffset }) => [id, fetchOffset]));
    this.#accept(answer, offsets);
    const sparseMs = bytes.length < SPARSE_ANSWER_BYTES ? SPARSE_PAUSE_MS : 0;
    const pauseMs = Math.max(sparseMs, Math.min(answer.throttleMs, BACKOFF_MAX_MS));
    if (pauseMs > 0) {
      await clock.sleep(pauseMs, this.#stop.signal);
    }
  }

  #accept(answer: FetchAnswer, asked: ReadonlyMap<SplitId, bigint>): void {
    if (answer.errorCode !== 0) {
      throw new StreamError({
        code: 'kafka-fetch-refused',
        reaction: isTransient(answer.errorCode) ? 'retry' : 'restart-job',
        message: `Kafka at ${this.#client.brokers.join(',')} refused to be read from (error ${answer.errorCode}).`,
      });
    }
    const now = this.#context.clock.monotonicMs();
    let hasNew = false;
    for (const fetched of answer.partitions) {
      const split = this.#splits.get(splitIdOf(fetched.topic, fetched.partition));
      if (split === undefined || asked.get(split.id) !== split.fetchOffset) {
        continue;
      }
      const records = acceptFetched(split, fetched, now, this.#client.brokers);
      if (records !== undefined) {
        this.#buffer.put(records);
        hasNew = true;
      }
      if (split.end !== undefined && split.fetchOffset >= split.end) {
        this.#splits.delete(split.id);
      }
    }
    if (hasNew) {
      this.#context.wake();
    }
    if (this.#lost().length > 0) {
      this.#findLeaders();
    }
  }

  /** True when the splits that were tried are worth another try. Otherwise the attempt has been failed. */
  #isTolerable(error: unknown, tried: readonly FetchedSplit[]): boolean {
    if (this.#stop.signal.aborted) {
      return false;
    }
    const failure = classifyUnknown(error, 'Kafka reader');
    const now = this.#context.clock.monotonicMs();
    const end = endOfRetries(tried, failure, now);
    if (end !== undefined) {
      this.#context.fail(end);
      this.#stop.abort();
      return false;
    }
    // Said once in each silence, not with each of its many tries.
    const say = tried.some(({ silence }) => silence.lengthMs(now) === 0) ? 'warn' : 'debug';
    this.#context.logger[say]('kafka-read-retried', { code: failure.code, text: failure.message });
    return true;
  }
}
