import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** OffsetCommit, version 5, by nobody in particular: a group that has no members (KIP-211). */
export interface GroupOffset {
  readonly topic: string;
  readonly partition: number;
  /** Of the next record to read. */
  readonly offset: bigint;
}

export function offsetCommitRequest(group: string, offsets: readonly GroupOffset[]): ApiRequest {
  const body = new RequestWriter().string(group).int32(-1).string('');
  const topics = Map.groupBy(offsets, ({ topic }) => topic);
  body.array([...topics], ([topic, ofTopic]) => {
    body.string(topic).array(ofTopic, ({ partition, offset }) => body.int32(partition).int64(offset).string(undefined));
  });
  return { apiKey: 8, apiVersion: 5, apiName: 'OffsetCommit', chunks: [body.finish()], holdMs: 0 };
}

/** The first error code that is not 0, else 0. */
export function parseOffsetCommit(bytes: Buffer): number {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  const codes = reader
    .array((each) => {
      each.string(); // topic
      return each.array((one) => {
        one.int32(); // partition
        return one.int16();
      });
    })
    .flat();
  return codes.find((code) => code !== 0) ?? 0;
}
