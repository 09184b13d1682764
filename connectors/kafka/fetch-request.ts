import type { ApiRequest } from './api-request.ts';
import type { Isolation } from './options.ts';
import type { AbortedTransaction } from './record-batch-decode.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** Fetch, version 11, without a fetch session (every request names all partitions, in an order that we turn). */
export interface FetchQuery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly isolation: Isolation;
}

export interface FetchAnswer {
  readonly throttleMs: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** The end of what may be read at this isolation: the high watermark, or the last stable offset. */
  readonly endOffset: bigint;
  readonly aborted: readonly AbortedTransaction[];
  readonly records: Buffer;
}

export function fetchRequest(queries: readonly FetchQuery[], limits: FetchLimits): ApiRequest {
  const body = new RequestWriter(64 + queries.length * 64);
  body.int32(-1).int32(limits.maxWaitMs).int32(1).int32(limits.maxBytes);
  body
    .int8(limits.isolation === 'read_committed' ? 1 : 0)
    .int32(0)
    .int32(-1);
  const topics = Map.groupBy(queries, (query) => query.topic);
  body.array([...topics], ([topic, partitions]) => {
    body.string(topic).array(partitions, ({ partition, offset }) => {
      body.int32(partition).int32(-1).int64(offset).int64(-1n).int32(limits.maxBytes);
    });
  });
  body.int32(0).string('');
  return { apiKey: 1, apiVersion: 11, apiName: 'Fetch', chunks: [body.finish()], holdMs: limits.maxWaitMs };
}

export function parseFetch(bytes: Buffer, isolation: Isolation): FetchAnswer {
  const reader = new ResponseReader(bytes);
  const throttleMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // session id
  const partitions = reader
    .array((each) => {
      const topic = each.string() ?? '';
      return each.array((one) => readPartition(one, topic, isolation));
    })
    .flat();
  return { throttleMs, errorCode, partitions };
}

function readPartition(reader: ResponseReader, topic: string, isolation: Isolation): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  reader.int64(); // log start offset
  const aborted = reader.array((each) => ({ producerId: each.int64(), firstOffset: each.int64() }));
  reader.int32(); // preferred read replica
  const records = reader.bytes(Math.max(reader.int32(), 0));
  const isCommittedOnly = isolation === 'read_committed';
  aborted.sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  return {
    topic,
    partition,
    errorCode,
    endOffset: isCommittedOnly && lastStableOffset >= 0n ? lastStableOffset : highWatermark,
    aborted: isCommittedOnly ? aborted : [],
    records,
  };
}
