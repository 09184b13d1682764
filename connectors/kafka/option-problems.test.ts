import { describe, expect, test } from 'vitest';
import { kafkaSink } from './sink-spec.ts';
import { kafkaSource } from './source-spec.ts';

describe('kafkaSource', () => {
  test('good options have no problems', () => {
    expect(kafkaSource({ topic: 'hl7.raw' }).problems).toStrictEqual([]);
    expect(kafkaSource({ topics: ['a', 'b'], startFrom: { offsets: { 'a-0': 5n, 'b-1': 7 } } }).problems).toStrictEqual(
      [],
    );
    expect(
      kafkaSource({ topicPattern: /hl7\..*/, startFrom: { timestampMs: 0 }, brokers: 'a:1, b:2' }).problems,
    ).toStrictEqual([]);
  });

  test('every problem is told at once', () => {
    const { problems } = kafkaSource({
      topic: 'bad topic',
      topics: [],
      brokers: ['nowhere', 'host:99999'],
      startFrom: { offsets: { 'other-0': -1 } },
      maxRecordBytes: 0,
      discoveryIntervalMs: 1.5,
      fetch: { maxWaitMs: 0 },
      security: { tls: { certPath: 'cert.pem' }, sasl: { mechanism: 'plain', username: '' } },
    });

    expect(problems).toStrictEqual([
      'kafkaSource: give exactly one of topic, topics and topicPattern',
      'kafkaSource: topics is empty',
      'kafkaSource: broker "nowhere" is not host:port',
      'kafkaSource: broker "host:99999" is not host:port',
      'kafkaSource: startFrom.offsets["other-0"] must be a whole number from 0, got -1',
      'kafkaSource: discoveryIntervalMs must be a whole number from 0 to 2147483647, got 1.5',
      'kafkaSource: maxRecordBytes must be a whole number from 1 to 1000000000, got 0',
      'kafkaSource: fetch.maxWaitMs must be a whole number from 1 to 20000, got 0',
      'kafkaSource: security.tls needs both certPath and keyPath, or neither',
      'kafkaSource: security.sasl.username is empty',
    ]);
  });

  test.each([
    [{}, 'exactly one of'],
    [{ topic: 'a', topicPattern: 'b' }, 'exactly one of'],
    [{ topic: 'a/b' }, 'no Kafka topic name'],
    [{ topicPattern: '(' }, 'no regular expression'],
    [{ topic: 'a', brokers: '' }, 'brokers is empty'],
    [{ topics: ['a', 'b'], startFrom: { offsets: { 0: 1 } } }, 'write topic-partition'],
    [{ topic: 'a', startFrom: { offsets: { 'b-0': 1 } } }, 'write topic-partition'],
  ])('%j is a problem: %s', (options, expected) => {
    expect(kafkaSource(options).problems.join('\n')).toContain(expected);
  });

  test('the summary names topics and says whether it ends', () => {
    expect(kafkaSource({ topic: 'a', bounded: true })).toMatchObject({
      summary: 'topic=a bounded',
      bounded: true,
      connector: 'kafka',
    });
    expect(kafkaSource({ topicPattern: /x.*/ }).summary).toBe('topicPattern=x.*');
  });
});

describe('kafkaSink', () => {
  test('good options have no problems', () => {
    expect(kafkaSink().problems).toStrictEqual([]);
    expect(kafkaSink({ compression: 'zstd', topics: ['hl7.adt'], brokers: 'localhost:9092' }).problems).toStrictEqual(
      [],
    );
  });

  test('every problem is told at once', () => {
    const { problems } = kafkaSink({
      topics: ['..'],
      lingerMs: -1,
      maxBatchBytes: 10,
      maxInFlightBytes: 5,
      deliveryTimeoutMs: 1,
    });

    expect(problems).toStrictEqual([
      'kafkaSink: topic ".." is no Kafka topic name (1 to 249 of letters, digits, dot, underscore and hyphen)',
      'kafkaSink: maxBatchBytes must be a whole number from 1024 to 1000000000, got 10',
      'kafkaSink: lingerMs must be a whole number from 0 to 10000, got -1',
      'kafkaSink: maxInFlightBytes must be a whole number from 10 to 1000000000, got 5',
      'kafkaSink: deliveryTimeoutMs must be a whole number from 1000 to 2147483647, got 1',
    ]);
  });

  test('secrets are not in the summary', () => {
    const security = { sasl: { mechanism: 'plain' as const, username: 'u', password: 'secret-word' } };

    expect(kafkaSink({ security }).summary).not.toContain('secret-word');
  });
});

describe('transactions', () => {
  test('every guarantee is accepted, and the summary names it', () => {
    const sinks = (['exactly-once', 'at-least-once', 'none'] as const).map((guarantee) => kafkaSink({ guarantee }));

    expect(sinks.flatMap(({ problems }) => problems)).toStrictEqual([]);
    expect(sinks.map(({ summary }) => summary.split(' ').at(-1))).toStrictEqual([
      'exactly-once',
      'at-least-once',
      'none',
    ]);
  });

  test('a transaction timeout of less than a second and an empty group are refused', () => {
    expect(kafkaSink({ transactionTimeoutMs: 10 }).problems).toStrictEqual([
      'kafkaSink: transactionTimeoutMs must be a whole number from 1000 to 2147483647, got 10',
    ]);
    expect(kafkaSource({ topic: 't', groupId: '' }).problems).toStrictEqual(['kafkaSource: groupId is empty']);
  });
});
