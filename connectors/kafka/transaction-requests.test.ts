import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { ApiRequest } from './api-request.ts';
import { describeBrokerConfigsRequest, parseDescribeConfigs } from './describe-configs-request.ts';
import { findCoordinatorRequest, parseFindCoordinator } from './find-coordinator-request.ts';
import { offsetCommitRequest, parseOffsetCommit } from './offset-commit-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';
import {
  addPartitionsRequest,
  endTransactionRequest,
  initProducerIdRequest,
  parseAddPartitions,
  parseEndTransaction,
  parseInitProducerId,
} from './transaction-requests.ts';
import {
  describeTransactionsRequest,
  listTransactionsRequest,
  parseDescribeTransactions,
  parseListTransactions,
} from './transaction-states-request.ts';

// kafkajs' encoders are the reference where it has the request; versions that differ only in their error codes are equal.
const load = createRequire(import.meta.url);
type Encoder = (options: object) => { encode(): Promise<{ buffer: Buffer }> };
const reference = async (name: string, options: object): Promise<string> => {
  const encode = load(`kafkajs/src/protocol/requests/${name}/request`) as Encoder;
  return (await encode(options).encode()).buffer.toString('hex');
};
const hex = ({ chunks }: ApiRequest): string => Buffer.concat(chunks).toString('hex');
const owner = { transactionalId: 'c/j/s/1/0/0', producerId: 77n, producerEpoch: 3 };
const kafkajsOwner = { transactionalId: 'c/j/s/1/0/0', producerId: '77', producerEpoch: 3 };

describe('requests', () => {
  test('AddPartitionsToTxn is asked for as kafkajs asks', async () => {
    const ours = addPartitionsRequest(owner, [
      { topic: 'a', partition: 1 },
      { topic: 'b', partition: 0 },
      { topic: 'a', partition: 2 },
    ]);
    const topics = [
      { topic: 'a', partitions: [1, 2] },
      { topic: 'b', partitions: [0] },
    ];

    expect(hex(ours)).toBe(await reference('addPartitionsToTxn/v1', { ...kafkajsOwner, topics }));
  });

  test('EndTxn is asked for as kafkajs asks', async () => {
    const commit = await reference('endTxn/v1', { ...kafkajsOwner, transactionResult: true });
    const abort = await reference('endTxn/v1', { ...kafkajsOwner, transactionResult: false });

    expect(hex(endTransactionRequest(owner, 'commit'))).toBe(commit);
    expect(hex(endTransactionRequest(owner, 'abort'))).toBe(abort);
  });

  test('FindCoordinator, OffsetCommit and DescribeConfigs are asked for as kafkajs asks', async () => {
    const coordinator = await reference('findCoordinator/v2', { coordinatorKey: 'id', coordinatorType: 1 });
    const partitions = [{ partition: 4, offset: '9' }];
    const offsets = await reference('offsetCommit/v5', {
      groupId: 'g',
      groupGenerationId: -1,
      memberId: '',
      topics: [{ topic: 't', partitions }],
    });
    const configs = await reference('describeConfigs/v1', {
      resources: [{ type: 4, name: '2', configNames: ['transaction.max.timeout.ms'] }],
    });

    expect(hex(findCoordinatorRequest('transaction', 'id'))).toBe(coordinator);
    expect(hex(offsetCommitRequest('g', [{ topic: 't', partition: 4, offset: 9n }]))).toBe(offsets);
    expect(hex(describeBrokerConfigsRequest(2, ['transaction.max.timeout.ms']))).toBe(configs);
  });

  test('InitProducerId names who asks, or nobody', () => {
    const first = initProducerIdRequest({ transactionalId: 'ab', timeoutMs: 1, current: undefined });
    const again = initProducerIdRequest({ transactionalId: 'a', timeoutMs: 1, current: owner });

    expect(hex(first)).toBe('0003616200000001ffffffffffffffffffff00');
    expect(hex(again)).toBe('00026100000001000000000000004d000300');
  });

  test('ListTransactions and DescribeTransactions are asked for in compact form', () => {
    expect(hex(listTransactionsRequest(['Ongoing']))).toBe(`000208${Buffer.from('Ongoing').toString('hex')}0100`);
    expect(hex(describeTransactionsRequest(['ab']))).toBe(`000203616200`);
  });
});

describe('answers', () => {
  test('of InitProducerId, AddPartitionsToTxn and EndTxn', () => {
    const init = new RequestWriter().tags().int32(0).int16(51).int64(8n).int16(2).tags().finish();
    const added = new RequestWriter().int32(0).int32(1).string('t').int32(2).int32(0).int16(0).int32(1).int16(51);
    const ended = new RequestWriter().int32(0).int16(47).finish();

    expect(parseInitProducerId(init)).toStrictEqual({ errorCode: 51, producerId: 8n, producerEpoch: 2 });
    expect(parseAddPartitions(added.finish())).toStrictEqual([
      { topic: 't', partition: 0, errorCode: 0 },
      { topic: 't', partition: 1, errorCode: 51 },
    ]);
    expect(parseEndTransaction(ended)).toBe(47);
  });

  test('of ListTransactions and DescribeTransactions, with fields that a later broker adds', () => {
    const listed = new RequestWriter().tags().int32(0).int16(0);
    listed.compactArray(['Odd'], (state) => listed.compactString(state));
    listed
      .compactArray(['a', 'b'], (id) => {
        listed.compactString(id).int64(5n).compactString('Ongoing').uvarint(1).uvarint(9).uvarint(2).int16(0);
      })
      .tags();
    const described = new RequestWriter().tags().int32(0);
    described
      .compactArray(['a'], (id) => {
        described
          .int16(0)
          .compactString(id)
          .compactString('CompleteCommit')
          .int32(60_000)
          .int64(-1n)
          .int64(5n)
          .int16(1);
        described
          .compactArray([3], (partition) => {
            described.compactString('t').compactArray([partition, 4], (each) => described.int32(each));
            described.tags();
          })
          .tags();
      })
      .tags();

    expect(parseListTransactions(listed.finish())).toStrictEqual({
      errorCode: 0,
      transactions: [
        { transactionalId: 'a', producerId: 5n, state: 'Ongoing' },
        { transactionalId: 'b', producerId: 5n, state: 'Ongoing' },
      ],
    });
    expect(parseDescribeTransactions(described.finish())).toStrictEqual([
      {
        errorCode: 0,
        transactionalId: 'a',
        state: 'CompleteCommit',
        timeoutMs: 60_000,
        startedAtMs: -1,
        producerId: 5n,
        producerEpoch: 1,
        partitions: [
          { topic: 't', partition: 3 },
          { topic: 't', partition: 4 },
        ],
      },
    ]);
  });

  test('of FindCoordinator, OffsetCommit and DescribeConfigs', () => {
    const coordinator = new RequestWriter().int32(0).int16(0).string(undefined).int32(7).string('host').int32(9_092);
    const offsets = new RequestWriter().int32(0).int32(1).string('t').int32(2);
    offsets.int32(0).int16(0).int32(1).int16(25);
    const configs = new RequestWriter().int32(0).int32(1).int16(0).string(undefined).int8(4).string('0').int32(1);
    configs.string('transaction.max.timeout.ms').string('900000').int8(0).int8(5).int8(0).int32(1);
    configs.string('other').string('1').int8(5);

    expect(parseFindCoordinator(coordinator.finish())).toStrictEqual({ errorCode: 0, nodeId: 7 });
    expect(parseOffsetCommit(offsets.finish())).toBe(25);
    expect(parseDescribeConfigs(configs.finish())).toStrictEqual({
      errorCode: 0,
      values: new Map([['transaction.max.timeout.ms', '900000']]),
    });
  });

  test('unsigned varints of one to five bytes are read as they are written', () => {
    const values = [0, 1, 127, 128, 300, 16_383, 16_384, 2_097_151, 268_435_455, 2_147_483_647];
    const body = new RequestWriter(1);
    for (const value of values) {
      body.uvarint(value);
    }
    const reader = new ResponseReader(body.finish());

    expect(values.map(() => reader.uvarint())).toStrictEqual(values);
    expect(reader.remaining).toBe(0);
    expect(() => new ResponseReader(Buffer.alloc(6, 0xff)).uvarint()).toThrow(RangeError);
  });
});
