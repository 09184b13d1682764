import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** Produce, version 7 (the first that may carry zstd). One sealed batch per partition, sent without being copied. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Buffer;
}

export interface ProduceAnswer {
  readonly throttleMs: number;
  readonly partitions: readonly ProducedPartition[];
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: bigint;
}

/** Acknowledged by all in-sync replicas. `timeoutMs`: how long the broker waits for them. */
export function produceRequest(
  batches: readonly PartitionBatch[],
  transactionalId: string | undefined,
  timeoutMs: number,
): ApiRequest {
  const chunks: Buffer[] = [];
  let body = new RequestWriter().string(transactionalId).int16(-1).int32(timeoutMs);
  const topics = Map.groupBy(batches, (each) => each.topic);
  body.int32(topics.size);
  for (const [topic, partitions] of topics) {
    body.string(topic).int32(partitions.length);
    for (const { partition, batch } of partitions) {
      chunks.push(body.int32(partition).int32(batch.length).finish(), batch);
      body = new RequestWriter(64);
    }
  }
  return { apiKey: 0, apiVersion: 7, apiName: 'Produce', chunks, holdMs: timeoutMs };
}

export function parseProduce(bytes: Buffer): ProduceAnswer {
  const reader = new ResponseReader(bytes);
  const partitions = reader
    .array((each) => {
      const topic = each.string() ?? '';
      return each.array((one) => {
        const answer = { topic, partition: one.int32(), errorCode: one.int16(), baseOffset: one.int64() };
        one.int64(); // append time
        one.int64(); // log start offset
        return answer;
      });
    })
    .flat();
  return { throttleMs: reader.int32(), partitions };
}
