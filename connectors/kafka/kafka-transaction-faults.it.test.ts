import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Committable } from '../../shared/connector/sink.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import type { TestBroker } from './kafka-broker-testing.ts';
import { startTestBroker } from './kafka-broker-testing.ts';
import { failureOf, newTopic, outputs, settingsOf } from './kafka-harness-testing.ts';
import { range, SinkHarness, visibleNumbers } from './kafka-transaction-testing.ts';
import type { KafkaSinkOptions } from './options.ts';
import { TcpRelay } from './node-tcp-relay-testing.ts';

const INIT_PRODUCER_ID = 22;
const END_TXN = 26;

/** Sinks go through the relay, what looks at the result does not. */
let broker: TestBroker;
const relay = new TcpRelay();
let admin: KafkaAdmin;
let sink: SinkHarness;
const signal = (): AbortSignal => AbortSignal.timeout(120_000);

beforeAll(async () => {
  const advertisedPort = await relay.open();
  broker = await startTestBroker({
    advertisedPort,
    properties: ['transaction.abort.timed.out.transaction.cleanup.interval.ms=200'],
  });
  relay.passTo(Number(broker.brokers.split(':')[1]));
  const direct = {
    'kafka.sasl.mechanism': 'plain',
    'kafka.sasl.username': 'nerve',
    'kafka.sasl.password': 'test-password',
  };
  admin = new KafkaAdmin(settingsOf(broker.saslBrokers, direct), silentLogger);
});

afterEach(async () => {
  relay.heal();
  await sink.close();
});

afterAll(async () => {
  await admin.close();
  await relay.cut();
  await broker.dispose();
});

async function setUp(what: string, options: KafkaSinkOptions = {}): Promise<string> {
  const topic = newTopic(what);
  await admin.createTopics([{ topic, partitions: 2 }], signal());
  sink = new SinkHarness(settingsOf(broker.brokers), { topics: [topic], ...options });
  return topic;
}

const visible = async (topic: string): Promise<readonly number[]> => await visibleNumbers(admin, topic, sink.prefix);

/** As the coordinator does: again and again as long as it may. */
async function commitAtLast(committables: readonly Committable[]): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const failure = await failureOf(sink.commit(committables));
    if (failure?.reaction !== 'retry') {
      expect(failure).toBeUndefined();
      return tries;
    }
  }
}

describe('a broker that is killed', () => {
  test('between prepare and commit costs nothing: the commit begun while it is away succeeds when it is back', async () => {
    const topic = await setUp('killed-prepared');
    const writer = await sink.writer();
    await writer.write(outputs(topic, 200));
    const prepared = await writer.prepare(1);
    await broker.kill();

    const committing = commitAtLast(prepared);
    await broker.start();
    await committing;

    expect(await visible(topic)).toStrictEqual(range(0, 200));
  });

  test('while a writer is under load costs nothing: what was written shows once', async () => {
    const topic = await setUp('killed-writing', { maxBatchBytes: 16_384, maxInFlightBytes: 200_000 });
    const writer = await sink.writer({ transactionPool: 20 });
    const value = Buffer.alloc(500);
    const large = (from: number, to: number): ReturnType<typeof outputs> =>
      outputs(topic, to - from, from).map((record) => ({ ...record, value }));
    await writer.write(large(0, 2_000));
    const held = [...(await writer.prepare(1))];

    const writing = writer.write(large(2_000, 10_000));
    await broker.kill();
    const restarted = broker.start();
    await writing;
    held.push(...(await writer.prepare(2, 100_000)));
    await restarted;
    await commitAtLast(held);

    expect(await visible(topic)).toStrictEqual(range(0, 10_000));
  });
});

describe('answers that are lost', () => {
  test('a commit whose answer is lost is repeated, and committed once', async () => {
    const topic = await setUp('lost-commit');
    const writer = await sink.writer();
    await writer.write(outputs(topic, 200));
    const prepared = await writer.prepare(1);
    relay.loseAnswersTo(END_TXN);

    const committing = sink.commit(prepared);
    await expect.poll(() => relay.lostBytes, { timeout: 20_000 }).toBeGreaterThan(0);
    const openMeanwhile = await admin.openTransactions(sink.prefix, signal());
    relay.heal();
    await committing;
    await sink.commit(prepared);

    expect(openMeanwhile.filter(({ state }) => state === 'Ongoing')).toStrictEqual([]);
    expect(await visible(topic)).toStrictEqual(range(0, 200));
  });

  test('an id is given up when the answer to its initialisation is lost, and the writer goes on with another', async () => {
    const topic = await setUp('lost-init');
    relay.loseAnswersTo(INIT_PRODUCER_ID);
    const opening = sink.writer();
    await expect.poll(() => relay.lostBytes, { timeout: 20_000 }).toBeGreaterThan(0);
    relay.heal();
    const writer = await opening;
    await writer.write(outputs(topic, 10));
    const prepared = await writer.prepare(1);
    await sink.commit(prepared);

    // One in use, two ahead, and at least one that was given up.
    await expect
      .poll(async () => (await admin.transactions(sink.prefix, signal())).length, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(4);
    expect(await visible(topic)).toStrictEqual(range(0, 10));
  });

  test('a writer whose answers are lost again and again gives ids up that are in doubt, and writes everything once', async () => {
    const topic = await setUp('lost-answers', { maxBatchBytes: 4_096 });
    const writer = await sink.writer({ transactionPool: 30 });
    let written = 0;
    let lostBytes = 0;
    for (let n = 1; n <= 6; n += 1) {
      relay.loseAnswers();
      await writer.write(outputs(topic, 200, written));
      written += 200;
      const preparing = writer.prepare(n);
      await expect.poll(() => relay.lostBytes, { timeout: 20_000 }).toBeGreaterThan(0);
      lostBytes += relay.lostBytes;
      relay.heal();
      await commitAtLast(await preparing);
      relay.loseAnswers();
      writer.writer.committed(parseCheckpointId(BigInt(n)));
      await new Promise((resolve) => setTimeout(resolve, 30));
      relay.heal();
    }

    expect(lostBytes).toBeGreaterThan(0);
    expect(writer.failure).toBeUndefined();
    expect(await visible(topic)).toStrictEqual(range(0, written));
  });
});

describe('a transaction that outlives its timeout', () => {
  test('when it was prepared, is a violation that names the timeout', async () => {
    const topic = await setUp('expired', { transactionTimeoutMs: 1_000 });
    const writer = await sink.writer();
    await writer.write(outputs(topic, 10));
    const prepared = await writer.prepare(1);
    await expect
      .poll(async () => (await admin.openTransactions(sink.prefix, signal())).length, { timeout: 20_000 })
      .toBe(0);

    const failure = await failureOf(sink.commit(prepared));

    expect(failure).toMatchObject({ code: 'exactly-once-violation', reaction: 'fail-job' });
    expect(failure?.message).toContain('transaction timeout');
    expect(failure?.message).toContain(`${topic}-0 offsets`);
    expect(await visible(topic)).toStrictEqual([]);
  });

  test('when it was still written to, costs the attempt', async () => {
    const topic = await setUp('expired-open', { transactionTimeoutMs: 1_000 });
    const writer = await sink.writer();
    await writer.write(outputs(topic, 10));
    await writer.flush();
    await expect
      .poll(async () => (await admin.openTransactions(sink.prefix, signal())).length, { timeout: 20_000 })
      .toBe(0);

    await writer.write(outputs(topic, 10, 10));
    const failure = await failureOf(writer.prepare(1));

    expect(failure).toMatchObject({ reaction: 'restart-job' });
    expect(await visible(topic)).toStrictEqual([]);
  });
});
