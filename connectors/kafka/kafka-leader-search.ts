import type { Clock } from '../../shared/clock/clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { KafkaClient } from './kafka-client.ts';

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface LeaderSearch {
  readonly client: KafkaClient;
  readonly clock: Clock;
  /** The partitions that wait for something to be sent, with or without a known leader. */
  readonly waiting: () => readonly TopicPartition[];
  /** Told after each round that left some without one, with what stood in the way. False: give up. */
  readonly mayGoOn: (lost: readonly TopicPartition[], failure: Failure | undefined) => boolean;
}

/** Asks who leads the partitions that wait, until all are known. */
export async function searchLeaders(
  { client, clock, waiting, mayGoOn }: LeaderSearch,
  signal: AbortSignal,
): Promise<void> {
  const lostOnes = (): readonly TopicPartition[] =>
    waiting().filter(({ topic, partition }) => client.leaderOf(topic, partition) === undefined);
  for (let pauseMs = PAUSE_MIN_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    const topics = new Set(lostOnes().map(({ topic }) => topic));
    if (topics.size === 0) {
      return;
    }
    let failure: Failure | undefined;
    try {
      await client.metadata([...topics], signal);
    } catch (error) {
      failure = classifyUnknown(error, 'Kafka writer');
    }
    const lost = lostOnes();
    if (lost.length > 0) {
      if (!mayGoOn(lost, failure)) {
        return;
      }
      await clock.sleep(pauseMs, signal);
    }
  }
}
