import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SourceRecord } from '../../shared/connector/records.ts';
import type { SplitSnapshot } from '../../shared/connector/source.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { sharedBrokers } from './kafka-broker-testing.ts';
import { discover, newTopic, outputs, ReaderHarness, settingsOf } from './kafka-harness-testing.ts';
import { SinkHarness } from './kafka-transaction-testing.ts';
import type { KafkaSourceOptions } from './options.ts';
import { parseSplitState } from './split-position.ts';

const settings = settingsOf(sharedBrokers());
let admin: KafkaAdmin;
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

beforeAll(() => {
  admin = new KafkaAdmin(settings, silentLogger);
});

afterAll(async () => {
  await admin.close();
});

async function openReader(options: KafkaSourceOptions): Promise<ReaderHarness> {
  const harness = new ReaderHarness(settings, options);
  await harness.open(await discover(settings, options), options.bounded === true);
  return harness;
}

const numbers = (records: readonly SourceRecord[]): string[] => records.map(({ headers }) => String(headers['n']));

describe('a reader that reads committed', () => {
  test('waits at a transaction that is open, and goes on in the order of offsets when it is committed', async () => {
    const topic = newTopic('open-transaction');
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    const sink = new SinkHarness(settings);
    const writer = await sink.writer();
    await admin.produce(outputs(topic, 1, 0), signal());
    await writer.write(outputs(topic, 2, 1));
    const prepared = await writer.prepare(1);
    await admin.produce(outputs(topic, 1, 3), signal());
    const committed = await openReader({ topic });
    const uncommitted = await openReader({ topic, isolation: 'read_uncommitted' });
    await committed.run(() => committed.records.length >= 1);
    await uncommitted.run(() => uncommitted.records.length >= 4);
    committed.poll(100);
    const before = numbers(committed.records);
    const snapshot = committed.reader.snapshot();

    await sink.commit(prepared);
    await committed.run(() => committed.records.length >= 4);
    await Promise.all([committed.close(), uncommitted.close(), sink.close()]);

    expect(before).toStrictEqual(['0']);
    expect(snapshot.map((split) => parseSplitState(split).next)).toStrictEqual([1n]);
    expect(numbers(committed.records)).toStrictEqual(['0', '1', '2', '3']);
    expect(numbers(uncommitted.records)).toStrictEqual(['0', '1', '2', '3']);
  });

  test('passes over what was aborted, and its position does too', async () => {
    const topic = newTopic('aborted-transaction');
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    const sink = new SinkHarness(settings);
    const writer = await sink.writer();
    await writer.write(outputs(topic, 5, 100));
    await writer.prepare(1);
    await admin.produce(outputs(topic, 1, 0), signal());
    const reader = await openReader({ topic });

    await sink.abandon(1);
    await admin.produce(outputs(topic, 1, 1), signal());
    await reader.run(() => reader.records.length >= 2);
    const [split] = reader.reader.snapshot();
    await Promise.all([reader.close(), sink.close()]);

    expect(numbers(reader.records)).toStrictEqual(['0', '1']);
    // Five aborted records, one, the abort marker, one.
    expect(split === undefined ? undefined : parseSplitState(split).next).toBe(8n);
  });
});

test('a bounded source describes partitions that are read to their end as finished, and the others where they stand', async () => {
  const topic = newTopic('finished-splits');
  await admin.createTopics([{ topic, partitions: 2 }], signal());
  await admin.produce(outputs(topic, 40), signal());
  const reader = await openReader({ topic, bounded: true });
  const before = reader.reader.snapshot();
  await reader.run();
  const after = reader.reader.snapshot();
  await reader.close();

  const finished = (splits: readonly SplitSnapshot[]): boolean[] => splits.map(({ isFinished }) => isFinished);
  expect(finished(before)).toStrictEqual([false, false]);
  expect(finished(after)).toStrictEqual([true, true]);
  const total = after.reduce((sum, split) => sum + parseSplitState(split).next, 0n);
  expect(total).toBe(40n);
});

describe('with a groupId', () => {
  test('the offsets of completed checkpoints show under the group, and only those', async () => {
    const topic = newTopic('group-offsets');
    const groupId = `${topic}-group`;
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    await admin.produce(outputs(topic, 30), signal());
    const reader = await openReader({ topic, groupId });
    await reader.run(() => reader.records.length >= 10, 60_000, 10);
    const first = reader.reader.snapshot();
    await reader.run(() => reader.records.length >= 30, 60_000, 10);

    reader.reader.checkpointCompleted?.(first);

    await expect.poll(async () => await groupOffset(groupId, topic), { timeout: 20_000 }).toBe('10');
    reader.reader.checkpointCompleted?.(reader.reader.snapshot());
    await expect.poll(async () => await groupOffset(groupId, topic), { timeout: 20_000 }).toBe('30');
    await reader.close();
    expect(reader.failure).toBeUndefined();
  });

  test('a group that refuses costs the reader nothing', async () => {
    const topic = newTopic('group-refuses');
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    await admin.produce(outputs(topic, 5), signal());
    const consumer = new Kafka({ brokers: sharedBrokers().split(','), logLevel: logLevel.NOTHING }).consumer({
      groupId: `${topic}-taken`,
    });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
    await consumer.run({ eachMessage: async () => await Promise.resolve() });
    await joined;
    const reader = await openReader({ topic, groupId: `${topic}-taken`, bounded: true });

    reader.reader.checkpointCompleted?.(reader.reader.snapshot());
    await reader.run();
    reader.reader.checkpointCompleted?.(reader.reader.snapshot());
    await reader.close();
    await consumer.disconnect();

    expect(reader.records).toHaveLength(5);
    expect(reader.failure).toBeUndefined();
  });
});

async function groupOffset(groupId: string, topic: string): Promise<string | undefined> {
  const kafkajs = new Kafka({ brokers: sharedBrokers().split(','), logLevel: logLevel.NOTHING }).admin();
  await kafkajs.connect();
  try {
    const [found] = await kafkajs.fetchOffsets({ groupId, topics: [topic] });
    return found?.partitions[0]?.offset;
  } finally {
    await kafkajs.disconnect();
  }
}
