import type { Clock } from '../../shared/clock/clock.ts';
import type { Discovery, EnumeratorContext, SplitEnumerator, SplitState } from '../../shared/connector/source.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { brokerRefusal } from './broker-failures.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, releaseClient } from './kafka-client.ts';
import { listOffsets } from './kafka-offsets.ts';
import { retryTransient } from './kafka-retry.ts';
import { endpointOf } from './kafka-security.ts';
import { LATEST_TIMESTAMP } from './list-offsets-request.ts';
import type { TopicMetadata } from './metadata-request.ts';
import type { OffsetQuery } from './list-offsets-request.ts';
import type { CheckedSource, Isolation } from './options.ts';
import { splitIdOf, splitState } from './split-position.ts';
import { chooseStart } from './start-queries.ts';

/** How long one discovery tries to reach the brokers before its failure is told. */
const BUDGET_MS = 5_000;

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Finds the partitions of a source's topics.
 *
 * I1  A start is resolved to an offset here, once, and recorded with the split (`latest` asked again after a restart would
 *     lose what arrived between, FLINK-38453).
 * I2  Partitions found later begin at their earliest record.
 * I3  Bounded: the ends are those of the first discovery; nothing is ever added.
 * I4  A bounded source ends at the high watermark also when it reads committed: whatever a producer was told is written by then is read.
 *     (The last stable offset may lag behind a commit that was acknowledged, and behind every open transaction.)
 */
export class KafkaEnumerator implements SplitEnumerator {
  readonly assignment = 'eager';
  readonly discoveryIntervalMs: number | undefined;
  readonly #options: CheckedSource;
  readonly #client: KafkaClient;
  readonly #clock: Clock;
  readonly #ends: Isolation;
  /** A pattern may match nothing at first: a topic that appears afterwards is a later one (I2). */
  #hasLooked = false;

  /** `ends`: which end a bounded source stops at; `read_committed` is what is visible now. Throws `fail-job` when no brokers are configured. */
  constructor(
    options: CheckedSource,
    { settings, logger, clock }: EnumeratorContext,
    ends: Isolation = 'read_uncommitted',
  ) {
    this.#clock = clock;
    this.#ends = ends;
    this.#options = options;
    this.discoveryIntervalMs =
      options.bounded || options.discoveryIntervalMs === 0 ? undefined : options.discoveryIntervalMs;
    this.#client = acquireClient(endpointOf(options.brokers, options.security, settings), logger);
  }

  async discover(known: ReadonlySet<SplitId>, signal: AbortSignal): Promise<Discovery> {
    const { bounded } = this.#options;
    const isFirst = known.size === 0 && !this.#hasLooked;
    if (bounded && !isFirst) {
      return { splits: [], isComplete: true };
    }
    const splits = await retryTransient(
      async () => await this.#find(known, isFirst, signal),
      this.#clock,
      BUDGET_MS,
      signal,
    );
    this.#hasLooked = true;
    return { splits, isComplete: bounded };
  }

  async close(): Promise<void> {
    await releaseClient(this.#client);
  }

  async #find(known: ReadonlySet<SplitId>, isFirst: boolean, signal: AbortSignal): Promise<readonly SplitState[]> {
    const topics = await this.#findTopics(signal);
    const found = topics
      .flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition })))
      .filter(({ topic, partition }) => !known.has(splitIdOf(topic, partition)))
      .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
    return await this.#startAll(found, isFirst, signal);
  }

  async #findTopics(signal: AbortSignal): Promise<readonly TopicMetadata[]> {
    const { topics, topicPattern } = this.#options;
    const { topics: heard } = await this.#client.metadata(topicPattern === undefined ? topics : undefined, signal);
    if (topicPattern !== undefined) {
      const pattern = new RegExp(`^(?:${topicPattern})$`);
      return heard.filter(({ topic, isInternal, errorCode }) => !isInternal && errorCode === 0 && pattern.test(topic));
    }
    const refused = heard.find(({ errorCode }) => errorCode !== 0);
    if (refused !== undefined) {
      throw new StreamError(brokerRefusal(refused.errorCode, 'Looking up topic', refused.topic, this.#client.brokers));
    }
    return heard;
  }

  async #startAll(
    found: readonly TopicPartition[],
    isFirst: boolean,
    signal: AbortSignal,
  ): Promise<readonly SplitState[]> {
    const { startFrom, isolation, bounded } = this.#options;
    const starts = found.map((at) => ({ ...at, start: chooseStart(startFrom, at.topic, at.partition, isFirst) }));
    const asked = starts.flatMap(({ topic, partition, start }) =>
      start.kind === 'timestamp' ? [{ topic, partition, timestamp: start.timestamp }] : [],
    );
    const answers = await listOffsets(this.#client, asked, isolation, signal);
    const youngest = starts.filter(({ topic, partition }) => answers.get(splitIdOf(topic, partition)) === -1n);
    const behindYoungest = await listOffsets(this.#client, endQueries(youngest), isolation, signal);
    const ends = await listOffsets(this.#client, endQueries(bounded ? found : []), this.#ends, signal);
    return starts.map(({ topic, partition, start }) => {
      const id = splitIdOf(topic, partition);
      const answer = start.kind === 'offset' ? start.offset : required(answers.get(id), `the start of ${id}`);
      // No record is as young as the timestamp asked for: those to come are.
      const next = answer < 0n ? required(behindYoungest.get(id), `the end of ${id}`) : answer;
      return splitState({
        topic,
        partition,
        next,
        end: bounded ? required(ends.get(id), `the end of ${id}`) : undefined,
      });
    });
  }
}

function endQueries(partitions: readonly TopicPartition[]): readonly OffsetQuery[] {
  return partitions.map(({ topic, partition }) => ({ topic, partition, timestamp: LATEST_TIMESTAMP }));
}
