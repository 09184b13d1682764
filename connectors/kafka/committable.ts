import { invariant } from '../../shared/invariant.ts';
import type { TransactionOwner, TransactionPartition } from './transaction-requests.ts';

/** A Kafka transaction that is flushed and waits for its commit. Its JSON is part of acknowledgements and of checkpoints. */
export interface KafkaCommittable extends TransactionOwner {
  /** What it wrote: for the message of the one failure that loses it. */
  readonly partitions: readonly WrittenPartition[];
}

export interface WrittenPartition extends TransactionPartition {
  /** −1 when the broker did not say. */
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
}

/** Fields may be added, never changed. */
export function formatCommittable({
  transactionalId,
  producerId,
  producerEpoch,
  partitions,
}: KafkaCommittable): string {
  const written = Object.entries(Object.groupBy(partitions, ({ topic }) => topic)).map(([topic, ofTopic]) => [
    topic,
    (ofTopic ?? []).map(({ partition, firstOffset, lastOffset }) => [
      partition,
      firstOffset.toString(),
      lastOffset.toString(),
    ]),
  ]);
  return JSON.stringify({ transactionalId, producerId: producerId.toString(), producerEpoch, written });
}

/** Reads what `formatCommittable` wrote; anything else is a broken checkpoint and an invariant violation. */
export function parseCommittable(text: string): KafkaCommittable {
  const json: unknown = JSON.parse(text);
  invariant(typeof json === 'object' && json !== null, 'a committable of Kafka is no object');
  const transactionalId = 'transactionalId' in json ? json.transactionalId : undefined;
  const producerId = 'producerId' in json ? json.producerId : undefined;
  const producerEpoch = 'producerEpoch' in json ? json.producerEpoch : undefined;
  const written = 'written' in json ? json.written : undefined;
  invariant(typeof transactionalId === 'string', 'a committable of Kafka names no transactional id');
  invariant(isWhole(producerId), `the committable of ${transactionalId} has no producer id`);
  invariant(typeof producerEpoch === 'number', `the committable of ${transactionalId} has no producer epoch`);
  return {
    transactionalId,
    producerId: BigInt(producerId),
    producerEpoch,
    partitions: Array.isArray(written) ? written.flatMap(parseTopic) : [],
  };
}

/** For people: `hl7.adt-0 offsets 5..9`. */
export function describeWritten({ partitions }: KafkaCommittable): string {
  return partitions
    .map(({ topic, partition, firstOffset, lastOffset }) =>
      firstOffset < 0n ? `${topic}-${partition}` : `${topic}-${partition} offsets ${firstOffset} to ${lastOffset}`,
    )
    .join(', ');
}

function parseTopic(entry: unknown): readonly WrittenPartition[] {
  const [topic, partitions] = unknowns(entry);
  invariant(typeof topic === 'string' && Array.isArray(partitions), 'a committable of Kafka names no topic');
  return partitions.map((one: unknown) => {
    const [partition, first, last] = unknowns(one);
    invariant(
      typeof partition === 'number' && isWhole(first) && isWhole(last),
      'a committable of Kafka names no partition',
    );
    return { topic, partition, firstOffset: BigInt(first), lastOffset: BigInt(last) };
  });
}

function unknowns(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isWhole(value: unknown): value is string {
  return typeof value === 'string' && /^-?[0-9]+$/.test(value);
}
