import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { ApiRequest } from './api-request.ts';
import { fetchRequest, parseFetch } from './fetch-request.ts';
import { listOffsetsRequest, parseListOffsets } from './list-offsets-request.ts';
import { metadataRequest, parseMetadata } from './metadata-request.ts';
import { parseProduce, produceRequest } from './produce-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

// kafkajs' encoders of the same requests are the reference: bytes must be equal.
const load = createRequire(import.meta.url);
type Encoder = (options: object) => { encode(): Promise<{ buffer: Buffer }> };
const reference = async (name: string, options: object): Promise<string> => {
  const encode = load(`kafkajs/src/protocol/requests/${name}/request`) as Encoder;
  return (await encode(options).encode()).buffer.toString('hex');
};
const hex = ({ chunks }: ApiRequest): string => Buffer.concat(chunks).toString('hex');

test('Metadata is asked for as kafkajs asks', async () => {
  const ours = metadataRequest(['a', 'bc']);

  expect(hex(ours)).toBe(await reference('metadata/v5', { topics: ['a', 'bc'], allowAutoTopicCreation: false }));
  expect(hex(metadataRequest(undefined))).toBe('ffffffff00');
});

test('Fetch is asked for as kafkajs asks', async () => {
  const ours = fetchRequest(
    [
      { topic: 'a', partition: 0, offset: 5n },
      { topic: 'b', partition: 1, offset: 0n },
      { topic: 'a', partition: 2, offset: 7n },
    ],
    { maxWaitMs: 500, maxBytes: 1_000, isolation: 'read_committed' },
  );
  const partition = (number: number, fetchOffset: string): object => ({
    partition: number,
    fetchOffset,
    maxBytes: 1_000,
  });
  const theirs = await reference('fetch/v11', {
    replicaId: -1,
    maxWaitTime: 500,
    minBytes: 1,
    maxBytes: 1_000,
    isolationLevel: 1,
    topics: [
      { topic: 'a', partitions: [partition(0, '5'), partition(2, '7')] },
      { topic: 'b', partitions: [partition(1, '0')] },
    ],
  });

  expect(hex(ours)).toBe(theirs);
});

test('ListOffsets is asked for as kafkajs asks', async () => {
  const ours = listOffsetsRequest([{ topic: 'a', partition: 3, timestamp: -2n }], 'read_uncommitted');
  const topics = [{ topic: 'a', partitions: [{ partition: 3, timestamp: '-2' }] }];

  expect(hex(ours)).toBe(await reference('listOffsets/v2', { replicaId: -1, isolationLevel: 0, topics }));
});

test('Produce puts each batch behind its length, under its topic', () => {
  const ours = produceRequest(
    [
      { topic: 'a', partition: 1, batch: Buffer.from('BATCH1') },
      { topic: 'b', partition: 0, batch: Buffer.from('B2') },
      { topic: 'a', partition: 2, batch: Buffer.from('B3') },
    ],
    undefined,
    1_000,
  );
  const body = new RequestWriter().string(undefined).int16(-1).int32(1_000).int32(2);
  body.string('a').int32(2).int32(1).int32(6);
  const expected = [
    body.finish(),
    Buffer.from('BATCH1'),
    new RequestWriter().int32(2).int32(2).finish(),
    Buffer.from('B3'),
    new RequestWriter().string('b').int32(1).int32(0).int32(2).finish(),
    Buffer.from('B2'),
  ];

  expect(hex(ours)).toBe(Buffer.concat(expected).toString('hex'));
});

describe('answers', () => {
  test('of Metadata', () => {
    const body = new RequestWriter().int32(0).int32(1).int32(7).string('host').int32(9_092).string(undefined);
    body.string('cluster').int32(7).int32(1).int16(0).string('t').int8(0).int32(1);
    body.int16(0).int32(2).int32(7).int32(1).int32(7).int32(1).int32(7).int32(0);

    expect(parseMetadata(body.finish())).toStrictEqual({
      brokers: [{ nodeId: 7, host: 'host', port: 9_092 }],
      controllerId: 7,
      topics: [
        { errorCode: 0, topic: 't', isInternal: false, partitions: [{ errorCode: 0, partition: 2, leader: 7 }] },
      ],
    });
  });

  test('of Fetch: the end is the last stable offset when only committed records are read, and aborted ones are ordered', () => {
    const body = new RequestWriter().int32(9).int16(0).int32(0).int32(1).string('t').int32(1);
    body.int32(3).int16(0).int64(100n).int64(90n).int64(0n).int32(2).int64(5n).int64(80n).int64(4n).int64(70n);
    body.int32(-1).int32(3).int8(1).int8(2).int8(3);
    const bytes = body.finish();

    expect(parseFetch(bytes, 'read_committed')).toMatchObject({
      throttleMs: 9,
      partitions: [
        {
          topic: 't',
          partition: 3,
          endOffset: 90n,
          aborted: [
            { producerId: 4n, firstOffset: 70n },
            { producerId: 5n, firstOffset: 80n },
          ],
          records: Buffer.from([1, 2, 3]),
        },
      ],
    });
    expect(parseFetch(bytes, 'read_uncommitted').partitions[0]).toMatchObject({ endOffset: 100n, aborted: [] });
  });

  test('of ListOffsets and Produce', () => {
    const offsets = new RequestWriter()
      .int32(0)
      .int32(1)
      .string('t')
      .int32(1)
      .int32(0)
      .int16(0)
      .int64(5n)
      .int64(42n)
      .finish();
    const produced = new RequestWriter()
      .int32(1)
      .string('t')
      .int32(1)
      .int32(0)
      .int16(10)
      .int64(7n)
      .int64(-1n)
      .int64(0n)
      .int32(3);

    expect(parseListOffsets(offsets)).toStrictEqual([{ topic: 't', partition: 0, errorCode: 0, offset: 42n }]);
    expect(parseProduce(produced.finish())).toStrictEqual({
      throttleMs: 3,
      partitions: [{ topic: 't', partition: 0, errorCode: 10, baseOffset: 7n }],
    });
  });

  test('that end early are an error, not a wrong value', () => {
    const reader = new ResponseReader(new RequestWriter().int16(5).finish());

    expect(() => reader.string()).toThrow(RangeError);
  });
});
