import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SourceRecord } from '../../shared/connector/records.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { sharedBrokers } from './kafka-broker-testing.ts';
import { failureOf, newTopic, outputs, settingsOf, WriterHarness } from './kafka-harness-testing.ts';

const settings = settingsOf(sharedBrokers());
let admin: KafkaAdmin;
const signal = (): AbortSignal => AbortSignal.timeout(60_000);

beforeAll(() => {
  admin = new KafkaAdmin(settings, silentLogger);
});

afterAll(async () => {
  await admin.close();
});

async function readBack(topic: string): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  for await (const record of admin.read({ topic }, signal())) {
    records.push(record);
  }
  return records;
}

const numbers = (records: readonly SourceRecord[]): string[] => records.map(({ headers }) => String(headers['n']));

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'records packed with %s come back in order',
  async (compression) => {
    const topic = newTopic(`sink-${compression}`);
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    const harness = new WriterHarness(settings, { compression, topics: [topic] });
    await harness.open();
    await harness.write(outputs(topic, 5_000));
    await harness.flush();
    await harness.close();

    expect(numbers(await readBack(topic))).toStrictEqual(Array.from({ length: 5_000 }, (_, i) => String(i)));
  },
);

test('a key goes to the partition that other clients give it', async () => {
  const ours = newTopic('partition-ours');
  const theirs = newTopic('partition-theirs');
  await admin.createTopics(
    [ours, theirs].map((topic) => ({ topic, partitions: 7 })),
    signal(),
  );
  await admin.produce(outputs(ours, 300), signal());
  const producer = new Kafka({ brokers: sharedBrokers().split(','), logLevel: logLevel.NOTHING }).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = outputs(theirs, 300).map(({ key, value, headers }) => ({
    key: key ?? null,
    value,
    headers: { ...headers },
  }));
  await producer.send({ topic: theirs, messages });
  await producer.disconnect();

  // kafkajs' plain producer may double records when it retries; where they lie is what is compared.
  const places = (records: readonly SourceRecord[]): string[] =>
    [...new Set(records.map(({ key, position }) => `${key?.toString() ?? ''}@${position.partition}`))].sort();
  expect(places(await readBack(ours))).toStrictEqual(places(await readBack(theirs)));
});

test('kafkajs reads what we wrote', async () => {
  const topic = newTopic('kafkajs-reads');
  await admin.createTopics([{ topic, partitions: 1 }], signal());
  await admin.produce(
    [{ topic, key: 'k', value: Buffer.from('v'), headers: { h: 'x', b: Buffer.from([7]) }, timestampMs: 5 }],
    signal(),
    {
      compression: 'gzip',
    },
  );
  const consumer = new Kafka({ brokers: sharedBrokers().split(','), logLevel: logLevel.NOTHING }).consumer({
    groupId: topic,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const message = await new Promise<unknown>((resolve, reject) => {
    const eachMessage = async ({ message: got }: { message: unknown }): Promise<void> => {
      resolve(got);
      await Promise.resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();

  expect(message).toMatchObject({
    key: Buffer.from('k'),
    value: Buffer.from('v'),
    headers: { h: Buffer.from('x'), b: Buffer.from([7]) },
    timestamp: '5',
  });
});

test('records without a key spread over the partitions in runs', async () => {
  const topic = newTopic('keyless');
  await admin.createTopics([{ topic, partitions: 3 }], signal());
  const value = Buffer.alloc(10_000);
  await admin.produce(
    outputs(topic, 150).map((record) => ({ ...record, key: undefined, value })),
    signal(),
  );

  expect(new Set((await readBack(topic)).map(({ position }) => position.partition)).size).toBe(3);
});

test('counts what it sent, by topic', async () => {
  const topic = newTopic('counted');
  await admin.createTopics([{ topic, partitions: 1 }], signal());
  const harness = new WriterHarness(settings, {});
  await harness.open();
  await harness.write(outputs(topic, 42));
  await harness.flush();
  await harness.close();

  const sample = harness.registry.samples().find(({ name }) => name === 'records_sent');
  expect(sample).toMatchObject({ labels: { topic }, value: 42 });
});

describe('sizes', () => {
  test('a batch that the topic finds too large is split until it fits, and nothing is lost or doubled', async () => {
    const topic = newTopic('split');
    await admin.createTopics([{ topic, partitions: 1, config: { 'max.message.bytes': '20000' } }], signal());
    const value = Buffer.alloc(1_000, 'v');
    const harness = new WriterHarness(settings, {});
    await harness.open();
    await harness.write(outputs(topic, 2_000).map((record) => ({ ...record, value })));
    await harness.flush();
    await harness.close();

    expect(numbers(await readBack(topic))).toStrictEqual(Array.from({ length: 2_000 }, (_, i) => String(i)));
  });

  test('a record larger than the topic allows fails the job and names topic, size and remedy', async () => {
    const topic = newTopic('too-large');
    await admin.createTopics([{ topic, partitions: 1, config: { 'max.message.bytes': '20000' } }], signal());
    const harness = new WriterHarness(settings, {});
    await harness.open();
    harness.writer.write({ topic, key: 'k', value: Buffer.alloc(50_000), headers: {} });
    const failure = await failureOf(harness.flush());
    await harness.close();

    expect(failure).toMatchObject({ code: 'kafka-record-too-large', reaction: 'fail-job' });
    expect(failure?.message).toContain(topic);
    expect(failure?.remedy).toContain('max.message.bytes');
    expect(harness.failure).toStrictEqual(failure);
  });

  test('a record larger than maxRecordBytes is refused before it is sent', async () => {
    const topic = newTopic('limit');
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    const harness = new WriterHarness(settings, { maxRecordBytes: 100 });
    await harness.open();

    expect(() => {
      harness.writer.write({ topic, key: 'k', value: Buffer.alloc(101), headers: {} });
    }).toThrow(/101 bytes .* maxRecordBytes \(100\)/);
    await harness.close();
  });
});

describe('topics', () => {
  test('a topic that does not exist is named when the writer opens', async () => {
    const topic = newTopic('missing');
    const harness = new WriterHarness(settings, { topics: [topic] });
    const failure = await failureOf(harness.open());
    await harness.close();

    expect(failure).toMatchObject({ code: 'kafka-unknown-topic', reaction: 'fail-job' });
    expect(failure?.message).toContain(topic);
  });

  test('a record for a topic that never appears fails the job; records for one that appears in time are written', async () => {
    const missing = newTopic('never');
    const late = newTopic('late');
    const first = new WriterHarness(settings, {});
    await first.open();
    first.writer.write({ topic: missing, key: 'k', value: Buffer.alloc(1), headers: {} });
    const second = new WriterHarness(settings, {});
    await second.open();
    await second.write(outputs(late, 10));
    await admin.createTopics([{ topic: late, partitions: 1 }], signal());
    await second.flush();
    await second.close();
    const failure = await failureOf(first.flush());
    await first.close();

    expect(numbers(await readBack(late))).toHaveLength(10);
    expect(failure).toMatchObject({ code: 'kafka-unknown-topic', reaction: 'fail-job' });
  });
});
