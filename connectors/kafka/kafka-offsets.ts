import { StreamError } from '../../shared/failure/failure.ts';
import { brokerRefusal, noLeader } from './broker-failures.ts';
import { UNKNOWN_TOPIC_OR_PARTITION } from './error-codes.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { OffsetQuery } from './list-offsets-request.ts';
import { listOffsetsRequest, parseListOffsets } from './list-offsets-request.ts';
import type { Isolation } from './options.ts';
import { splitIdOf } from './split-position.ts';

/**
 * Asks the leaders for offsets; the result is keyed as splits are (`topic-partition`). −1: no record is that young.
 * Throws a StreamError when a partition has no leader or a broker refuses; the topics must have been looked up before.
 */
export async function listOffsets(
  client: KafkaClient,
  queries: readonly OffsetQuery[],
  isolation: Isolation,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, bigint>> {
  const byLeader = Map.groupBy(queries, ({ topic, partition }) => leader(client, topic, partition));
  const offsets = new Map<string, bigint>();
  await Promise.all(
    [...byLeader].map(async ([nodeId, asked]) => {
      const answer = parseListOffsets(await client.send(nodeId, listOffsetsRequest(asked, isolation), signal));
      for (const { topic, partition, errorCode, offset } of answer) {
        if (errorCode !== 0) {
          client.forgetLeaders([topic]);
          // The topic was found a moment ago: a leader that does not know it has not heard of it yet.
          const doing = `Asking for offsets of partition ${partition} of`;
          const failure = brokerRefusal(errorCode, doing, topic, client.brokers);
          throw new StreamError(errorCode === UNKNOWN_TOPIC_OR_PARTITION ? { ...failure, reaction: 'retry' } : failure);
        }
        offsets.set(splitIdOf(topic, partition), offset);
      }
    }),
  );
  return offsets;
}

function leader(client: KafkaClient, topic: string, partition: number): number {
  const nodeId = client.leaderOf(topic, partition);
  if (nodeId === undefined) {
    client.forgetLeaders([topic]);
    throw new StreamError(noLeader(topic, partition, client.brokers));
  }
  return nodeId;
}
