import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { sharedBrokers } from './kafka-broker-testing.ts';
import { discover, failureOf, newTopic, outputs, ReaderHarness, settingsOf } from './kafka-harness-testing.ts';
import { kafkaCoordinatorConnector } from './kafka-coordinator-connector.ts';
import type { KafkaSourceOptions } from './options.ts';
import { kafkaSource } from './source-spec.ts';
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

async function topicWith(
  what: string,
  partitions: number,
  count: number,
  config: Record<string, string> = {},
): Promise<string> {
  const topic = newTopic(what);
  await admin.createTopics([{ topic, partitions, config }], signal());
  await admin.produce(outputs(topic, count), signal());
  return topic;
}

/** Reads a bounded source to its end; the `n` headers in the order in which the records came. */
async function readAll(options: KafkaSourceOptions): Promise<string[]> {
  const splits = await discover(settings, { ...options, bounded: true });
  const harness = new ReaderHarness(settings, { ...options, bounded: true });
  await harness.open(splits, true);
  try {
    await harness.run();
    return harness.records.map(({ headers }) => String(headers['n']));
  } finally {
    await harness.close();
  }
}

describe('start positions', () => {
  test('earliest reads everything, with keys, headers, timestamps and offsets', async () => {
    const topic = newTopic('earliest');
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    const written = [
      {
        topic,
        key: 'a',
        value: Buffer.from('one'),
        headers: { text: 'Grüße', bytes: Buffer.from([0, 255]) },
        timestampMs: 1_000_000,
      },
      { topic, key: undefined, value: Buffer.from('two'), headers: {}, timestampMs: 999_000 },
    ];
    await admin.produce(written, signal());

    const harness = new ReaderHarness(settings, { topic, bounded: true });
    await harness.open(await discover(settings, { topic, bounded: true }), true);
    await harness.run();
    await harness.close();

    const split = `${topic}-0`;
    expect(harness.records).toStrictEqual([
      {
        key: Buffer.from('a'),
        value: Buffer.from('one'),
        headers: { text: Buffer.from('Grüße'), bytes: Buffer.from([0, 255]) },
        position: { split, partition: 0, offset: 0n, timestampMs: 1_000_000 },
      },
      {
        key: undefined,
        value: Buffer.from('two'),
        headers: {},
        position: { split, partition: 0, offset: 1n, timestampMs: 999_000 },
      },
    ]);
  });

  test('latest is resolved at discovery: what is written afterwards is read, what was before is not', async () => {
    const topic = await topicWith('latest', 1, 10);
    const splits = await discover(settings, { topic, startFrom: 'latest' });
    await admin.produce(outputs(topic, 5, 10), signal());

    const harness = new ReaderHarness(settings, { topic, startFrom: 'latest' });
    await harness.open(splits, false);
    await harness.run(() => harness.records.length === 5);
    await harness.close();

    expect(harness.records.map(({ headers }) => String(headers['n']))).toStrictEqual(['10', '11', '12', '13', '14']);
  });

  test('a timestamp begins at the first record that is as young; one in the future at the end', async () => {
    const topic = newTopic('timestamp');
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    const old = Date.now() - 3_600_000;
    await admin.produce(
      outputs(topic, 10).map((record, i) => ({ ...record, timestampMs: old + i * 1_000 })),
      signal(),
    );

    expect(await readAll({ topic, startFrom: { timestampMs: old + 7_000 } })).toStrictEqual(['7', '8', '9']);
    expect(await readAll({ topic, startFrom: { timestampMs: Date.now() + 3_600_000 } })).toStrictEqual([]);
  });

  test('explicit offsets name partitions by number or by topic-partition; the others begin at their earliest', async () => {
    const topic = await topicWith('offsets', 1, 10);

    expect(await readAll({ topic, startFrom: { offsets: { 0: 8 } } })).toStrictEqual(['8', '9']);
    expect(await readAll({ topic, startFrom: { offsets: { [`${topic}-0`]: 9n } } })).toStrictEqual(['9']);
    expect(await readAll({ topic, startFrom: { offsets: {} } })).toHaveLength(10);
  });

  test('a pattern reads every topic whose whole name matches', async () => {
    const first = await topicWith('pattern-a', 1, 3);
    const second = await topicWith('pattern-b', 2, 4);

    expect(await readAll({ topicPattern: `(${first}|${second})` })).toHaveLength(7);
    expect(await readAll({ topicPattern: first.slice(0, -1) })).toHaveLength(0);
  });
});

describe('bounded reading', () => {
  test('stops at the ends found at discovery', async () => {
    const topic = await topicWith('bounded', 3, 300);
    const splits = await discover(settings, { topic, bounded: true });
    await admin.produce(outputs(topic, 50, 300), signal());

    const harness = new ReaderHarness(settings, { topic, bounded: true });
    await harness.open(splits, true);
    await harness.run();
    await harness.close();

    expect(harness.records).toHaveLength(300);
    expect(harness.reader.snapshot().map(({ isFinished }) => isFinished)).toStrictEqual([true, true, true]);
  });

  test('an empty topic is finished at once', async () => {
    const topic = await topicWith('empty', 2, 0);

    expect(await readAll({ topic })).toStrictEqual([]);
  });

  test('what was acknowledged behind a transaction that is still open is read once that is decided', async () => {
    const topic = await topicWith('undecided', 1, 2);
    const kafka = new Kafka({ brokers: sharedBrokers().split(','), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: newTopic('txn'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: [{ value: 'open', headers: { n: 'open' } }] });
    await admin.produce(outputs(topic, 1), signal());

    const harness = new ReaderHarness(settings, { topic, bounded: true });
    await harness.open(await discover(settings, { topic, bounded: true }), true);
    await transaction.commit();
    await harness.run();
    await harness.close();
    await producer.disconnect();

    expect(harness.records.map(({ headers }) => String(headers['n']))).toStrictEqual(['0', '1', 'open', '0']);
  });

  test('aborted transactions are not seen, and a commit marker at the end does not keep it from ending', async () => {
    const topic = await topicWith('transactions', 1, 2);
    const kafka = new Kafka({
      brokers: sharedBrokers().split(','),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 20 },
    });
    const producer = kafka.producer({ transactionalId: newTopic('txn'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [n, isCommitted] of [
      ['aborted', false],
      ['committed', true],
      ['aborted again', false],
      ['last', true],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({
        topic,
        messages: [
          { value: n, headers: { n } },
          { value: n, headers: { n } },
        ],
      });
      await (isCommitted ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();

    expect(await readAll({ topic })).toStrictEqual(['0', '1', 'committed', 'committed', 'last', 'last']);
    expect(await readAll({ topic, isolation: 'read_uncommitted' })).toHaveLength(10);
  });
});

describe('positions', () => {
  test('a reader goes on exactly where the snapshot of another one stood', async () => {
    const topic = await topicWith('resume', 2, 1_000);
    const seen: string[] = [];
    let splits = await discover(settings, { topic, bounded: true });
    for (let round = 0; round < 4; round += 1) {
      const harness = new ReaderHarness(settings, { topic, bounded: true });
      await harness.open(splits, true);
      await harness.run(() => harness.records.length >= 237, 60_000, 79);
      splits = harness.reader.snapshot();
      seen.push(...harness.records.map(({ headers }) => String(headers['n'])));
      await harness.close();
    }
    const last = new ReaderHarness(settings, { topic, bounded: true });
    await last.open(splits, true);
    await last.run();
    await last.close();
    seen.push(...last.records.map(({ headers }) => String(headers['n'])));

    expect(seen).toHaveLength(1_000);
    expect(new Set(seen).size).toBe(1_000);
  });

  test('a partition added while the job runs is read from its earliest record', async () => {
    const topic = await topicWith('grows', 1, 10);
    const splits = await discover(settings, { topic, startFrom: 'latest' });
    const harness = new ReaderHarness(settings, { topic, startFrom: 'latest' });
    await harness.open(splits, false);
    await admin.createPartitions(topic, 3, signal());
    await admin.produce(outputs(topic, 90, 10), signal());

    const found = await discover(
      settings,
      { topic, startFrom: 'latest' },
      splits.map(({ id }) => id),
    );
    harness.reader.addSplits(found);
    await harness.run(() => harness.records.length === 90);
    await harness.close();

    expect(found.map(({ id }) => id)).toStrictEqual([`${topic}-1`, `${topic}-2`]);
    expect(new Set(harness.records.map(({ headers }) => String(headers['n']))).size).toBe(90);
  });

  test('a topic that a pattern finds only later is read from its earliest record, also with latest', async () => {
    const topic = newTopic('appears');
    const options = { topicPattern: topic, startFrom: 'latest' as const };
    const context = { settings, logger: silentLogger, clock: nodeClock };
    const enumerator = kafkaCoordinatorConnector.createEnumerator(kafkaSource(options), context);
    const atFirst = await enumerator.discover(new Set(), signal());
    await admin.createTopics([{ topic, partitions: 1 }], signal());
    await admin.produce(outputs(topic, 7), signal());
    const later = await enumerator.discover(new Set(), signal());
    await enumerator.close();

    expect(atFirst).toStrictEqual({ splits: [], isComplete: false });
    expect(later.splits.map((state) => parseSplitState(state).next)).toStrictEqual([0n]);
  });

  test('an offset that is not in the log is a failure, not a reset', async () => {
    const topic = await topicWith('range', 1, 5);
    const splits = await discover(settings, { topic, startFrom: { offsets: { 0: 77 } } });
    const harness = new ReaderHarness(settings, { topic });
    await harness.open(splits, false);
    const failure = await failureOf(harness.run(() => false, 10_000));
    await harness.close();

    expect(failure).toMatchObject({ code: 'kafka-offset-out-of-range', reaction: 'fail-job' });
    expect(harness.records).toHaveLength(0);
  });
});

describe('bounds', () => {
  test('a record larger than allowed is handed over by reference, and the next one after it', async () => {
    const topic = newTopic('oversize');
    await admin.createTopics([{ topic, partitions: 1, config: { 'max.message.bytes': '6000000' } }], signal());
    const value = Buffer.alloc(5_000_000, 'x');
    await admin.produce([{ topic, key: 'big', value, headers: { n: '0' } }, ...outputs(topic, 1, 1)], signal());

    const harness = new ReaderHarness(settings, { topic, bounded: true, maxRecordBytes: 1_000_000 });
    await harness.open(await discover(settings, { topic, bounded: true }), true);
    await harness.run();
    await harness.close();

    expect(harness.records).toHaveLength(2);
    expect(harness.records[0]).toMatchObject({
      key: Buffer.from('big'),
      value: Buffer.alloc(0),
      oversizeBytes: 5_000_000,
    });
    expect(harness.records[1]?.value.toString()).toBe('value 1');
  });

  test('a record larger than the fetch limits arrives whole', async () => {
    const topic = newTopic('large');
    await admin.createTopics([{ topic, partitions: 2, config: { 'max.message.bytes': '6000000' } }], signal());
    const value = Buffer.alloc(5_000_000, 'y');
    await admin.produce([{ topic, key: 'big', value, headers: { n: '0' } }, ...outputs(topic, 20, 1)], signal());

    const harness = new ReaderHarness(settings, {
      topic,
      bounded: true,
      fetch: { maxBytes: 20_000, bufferBytes: 100_000 },
    });
    await harness.open(await discover(settings, { topic, bounded: true }), true);
    await harness.run();
    await harness.close();

    expect(harness.records).toHaveLength(21);
    expect(harness.records.find(({ headers }) => String(headers['n']) === '0')?.value.equals(value)).toBe(true);
  });

  test('a reader that is not polled stops fetching within its buffer', async () => {
    const topic = newTopic('unpolled');
    await admin.createTopics([{ topic, partitions: 2 }], signal());
    const value = Buffer.alloc(10_000, 'z');
    await admin.produce(
      outputs(topic, 2_000).map((record) => ({ ...record, value })),
      signal(),
    );
    const options = { topic, bounded: true, fetch: { maxBytes: 300_000, bufferBytes: 1_000_000 } };
    const harness = new ReaderHarness(settings, options);
    await harness.open(await discover(settings, options), true);

    await expect.poll(() => harness.gauge('fetchBufferBytes'), { timeout: 10_000 }).toBeGreaterThan(500_000);
    const filled: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      filled.push(harness.gauge('fetchBufferBytes'));
    }
    const lag = harness.gauge('pendingRecords');
    await harness.run();
    await harness.close();

    // The bound and one batch of the broker beyond it.
    expect(Math.max(...filled)).toBeLessThan(1_000_000 + 600_000);
    expect(lag).toBe(2_000);
    expect(harness.records).toHaveLength(2_000);
    expect(harness.gauge('pendingRecords')).toBe(0);
  });
});

describe('codecs', () => {
  // The topic's own compression.type makes the broker pack the batches again: this reads what Kafka's Java code wrote.
  test.each(['gzip', 'snappy', 'lz4', 'zstd'])('reads batches that Kafka itself packed with %s', async (codec) => {
    const topic = await topicWith(`java-${codec}`, 1, 500, { 'compression.type': codec });

    expect(await readAll({ topic })).toStrictEqual(Array.from({ length: 500 }, (_, i) => String(i)));
  });

  test('reads what kafkajs wrote with gzip', async () => {
    const topic = await topicWith('kafkajs-gzip', 1, 0);
    const producer = new Kafka({ brokers: sharedBrokers().split(','), logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages: [{ value: 'v', headers: { n: '0' } }] });
    await producer.disconnect();

    expect(await readAll({ topic })).toStrictEqual(['0']);
  });
});

describe('deserialize', () => {
  test('a throw fails the job and names the offset without its message', async () => {
    const topic = await topicWith('throws', 1, 3);
    const options = {
      topic,
      bounded: true,
      deserialize: (): never => {
        throw new Error('DOE^JANE is not valid');
      },
    };
    const harness = new ReaderHarness(settings, options);
    await harness.open(await discover(settings, options), true);
    const failure = await failureOf(harness.run());
    await harness.close();

    expect(failure).toMatchObject({ code: 'kafka-deserialize-failed', reaction: 'fail-job' });
    expect(failure?.message).toContain(`${topic}-0, offset 0`);
    expect(failure?.message).not.toContain('JANE');
  });

  test('with skip, records that throw are counted and passed over', async () => {
    const topic = await topicWith('skips', 1, 10);
    const options = {
      topic,
      bounded: true,
      onDeserializeError: 'skip' as const,
      deserialize: (record: { headers: Readonly<Record<string, unknown>> }) => {
        if (Number(String(record.headers['n'])) % 2 === 1) {
          throw new Error('odd');
        }
        return record;
      },
    };
    const harness = new ReaderHarness(settings, options);
    await harness.open(await discover(settings, options), true);
    await harness.run();
    await harness.close();

    expect(harness.records).toHaveLength(5);
    expect(harness.gauge('numRecordsSkipped')).toBe(5);
  });
});
