import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/**
 * The requests of a transaction's life (KIP-98), in the newest versions of the protocol's first generation: a partition is added by
 * a request of its own, and EndTxn leaves the epoch as it is. In the second generation (KIP-890: Produce 12, EndTxn 5) each commit
 * raises the epoch; it must not be mixed with this one. Brokers 3.0 to 4.x understand both and keep apart what they are asked.
 */
export interface ProducerIdAndEpoch {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface InitProducerIdAnswer extends ProducerIdAndEpoch {
  readonly errorCode: number;
}

export interface InitProducerId {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /**
   * Who asks: the broker refuses with PRODUCER_FENCED when the id has gone to somebody else since (KIP-360). Undefined: whoever
   * has the id is fenced.
   */
  readonly current: ProducerIdAndEpoch | undefined;
}

/** InitProducerId, version 4 (Kafka 2.7). Raises the epoch of the id, and aborts the transaction that it has open. */
export function initProducerIdRequest({ transactionalId, timeoutMs, current }: InitProducerId): ApiRequest {
  const body = new RequestWriter()
    .tags()
    .compactString(transactionalId)
    .int32(timeoutMs)
    .int64(current?.producerId ?? -1n)
    .int16(current?.producerEpoch ?? -1)
    .tags();
  return { apiKey: 22, apiVersion: 4, apiName: 'InitProducerId', chunks: [body.finish()], holdMs: 0 };
}

export function parseInitProducerId(bytes: Buffer): InitProducerIdAnswer {
  const reader = new ResponseReader(bytes);
  reader.tags();
  reader.int32(); // throttle time
  return { errorCode: reader.int16(), producerId: reader.int64(), producerEpoch: reader.int16() };
}

export interface TransactionOwner extends ProducerIdAndEpoch {
  readonly transactionalId: string;
}

export interface TransactionPartition {
  readonly topic: string;
  readonly partition: number;
}

/** AddPartitionsToTxn, version 2. The first one begins the transaction. Adding a partition twice is no error. */
export function addPartitionsRequest(owner: TransactionOwner, partitions: readonly TransactionPartition[]): ApiRequest {
  const body = new RequestWriter().string(owner.transactionalId).int64(owner.producerId).int16(owner.producerEpoch);
  const topics = Map.groupBy(partitions, ({ topic }) => topic);
  body.array([...topics], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition }) => body.int32(partition));
  });
  return { apiKey: 24, apiVersion: 2, apiName: 'AddPartitionsToTxn', chunks: [body.finish()], holdMs: 0 };
}

export interface AddedPartition extends TransactionPartition {
  readonly errorCode: number;
}

export function parseAddPartitions(bytes: Buffer): readonly AddedPartition[] {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  return reader
    .array((each) => {
      const topic = each.string() ?? '';
      return each.array((one) => ({ topic, partition: one.int32(), errorCode: one.int16() }));
    })
    .flat();
}

/** EndTxn, version 2. Repeating it is no error as long as the id has not been given out again. */
export function endTransactionRequest(owner: TransactionOwner, outcome: 'commit' | 'abort'): ApiRequest {
  const body = new RequestWriter()
    .string(owner.transactionalId)
    .int64(owner.producerId)
    .int16(owner.producerEpoch)
    .int8(outcome === 'commit' ? 1 : 0);
  return { apiKey: 26, apiVersion: 2, apiName: 'EndTxn', chunks: [body.finish()], holdMs: 0 };
}

/** The error code. */
export function parseEndTransaction(bytes: Buffer): number {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  return reader.int16();
}
