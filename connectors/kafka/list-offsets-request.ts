import type { ApiRequest } from './api-request.ts';
import type { Isolation } from './options.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** ListOffsets, version 2. */
export const LATEST_TIMESTAMP = -1n;
export const EARLIEST_TIMESTAMP = -2n;

export interface OffsetQuery {
  readonly topic: string;
  readonly partition: number;
  /** The first offset whose timestamp is at least this, or one of the two special values. */
  readonly timestamp: bigint;
}

export interface OffsetAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** −1 when no record is that young. */
  readonly offset: bigint;
}

/** With `read_committed` the end is the last stable offset: no open transaction begins before it. */
export function listOffsetsRequest(queries: readonly OffsetQuery[], isolation: Isolation): ApiRequest {
  const body = new RequestWriter();
  body.int32(-1).int8(isolation === 'read_committed' ? 1 : 0);
  const topics = Map.groupBy(queries, (query) => query.topic);
  body.array([...topics], ([topic, partitions]) => {
    body.string(topic).array(partitions, ({ partition, timestamp }) => body.int32(partition).int64(timestamp));
  });
  return { apiKey: 2, apiVersion: 2, apiName: 'ListOffsets', chunks: [body.finish()], holdMs: 0 };
}

export function parseListOffsets(bytes: Buffer): readonly OffsetAnswer[] {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  return reader
    .array((each) => {
      const topic = each.string() ?? '';
      return each.array((one) => {
        const partition = one.int32();
        const errorCode = one.int16();
        one.int64(); // timestamp
        return { topic, partition, errorCode, offset: one.int64() };
      });
    })
    .flat();
}
