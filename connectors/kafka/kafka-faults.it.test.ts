import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import type { TestBroker } from './kafka-broker-testing.ts';
import { startTestBroker } from './kafka-broker-testing.ts';
import {
  discover,
  failureOf,
  newTopic,
  outputs,
  ReaderHarness,
  settingsOf,
  WriterHarness,
} from './kafka-harness-testing.ts';
import { TcpRelay } from './node-tcp-relay-testing.ts';

let broker: TestBroker;
const signal = (): AbortSignal => AbortSignal.timeout(120_000);

beforeAll(async () => {
  broker = await startTestBroker();
});

afterAll(async () => {
  await broker.dispose();
});

afterEach(async () => {
  await broker.thaw();
});

async function withAdmin<T>(work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const admin = new KafkaAdmin(settingsOf(broker.brokers), silentLogger);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

describe('a broker that is killed and started again', () => {
  test('costs a reader nothing: no record is missing and none comes twice', async () => {
    const topic = newTopic('killed-reader');
    const settings = settingsOf(broker.brokers);
    await withAdmin(async (admin) => {
      await admin.createTopics([{ topic, partitions: 4 }], signal());
      await admin.produce(
        outputs(topic, 40_000).map((record) => ({ ...record, value: Buffer.alloc(500) })),
        signal(),
      );
    });
    const options = { topic, bounded: true, fetch: { maxBytes: 100_000, bufferBytes: 400_000 } };
    const harness = new ReaderHarness(settings, options);
    await harness.open(await discover(settings, options), true);
    await harness.run(() => harness.records.length > 5_000);
    const before = harness.records.length;

    await broker.kill();
    const restarted = broker.start();
    await harness.run();
    await restarted;
    await harness.close();

    const seen = new Set(harness.records.map(({ headers }) => String(headers['n'])));
    expect(before).toBeLessThan(40_000);
    expect(harness.records).toHaveLength(40_000);
    expect(seen.size).toBe(40_000);
  });

  test('costs a writer nothing: its retries double no record and keep the order', async () => {
    const topic = newTopic('killed-writer');
    const settings = settingsOf(broker.brokers);
    await withAdmin(async (admin) => await admin.createTopics([{ topic, partitions: 2 }], signal()));
    const harness = new WriterHarness(settings, { maxBatchBytes: 16_384, maxInFlightBytes: 200_000 });
    await harness.open();
    const value = Buffer.alloc(500);
    await harness.write(outputs(topic, 10_000).map((record) => ({ ...record, value })));

    const writing = harness.write(outputs(topic, 20_000, 10_000).map((record) => ({ ...record, value })));
    await broker.kill();
    const restarted = broker.start();
    await writing;
    await harness.flush(100_000);
    await restarted;
    await harness.close();

    const byPartition = await withAdmin(async (admin) => {
      const found: number[][] = [[], []];
      for await (const { headers, position } of admin.read({ topic }, signal())) {
        found[position.partition]?.push(Number(String(headers['n'])));
      }
      return found;
    });
    expect(byPartition.flat()).toHaveLength(30_000);
    expect(new Set(byPartition.flat()).size).toBe(30_000);
    expect(byPartition).toStrictEqual(byPartition.map((numbers) => numbers.toSorted((a, b) => a - b)));
  });

  test('while it is away, a writer that runs out of time fails the attempt and says why', async () => {
    const topic = newTopic('away');
    await withAdmin(async (admin) => await admin.createTopics([{ topic, partitions: 1 }], signal()));
    const harness = new WriterHarness(settingsOf(broker.brokers), { deliveryTimeoutMs: 1_500 });
    await harness.open();
    await broker.kill();
    harness.writer.write({ topic, key: 'k', value: Buffer.alloc(1), headers: {} });
    const failure = await failureOf(harness.flush());
    await harness.close();
    await broker.start();

    expect(failure).toMatchObject({ code: 'kafka-delivery-timeout', reaction: 'restart-job' });
    expect(failure?.message).toContain('ECONNREFUSED');
  });
});

test('a frozen broker makes the writer not writable with bounded memory, and costs no record', async () => {
  const topic = newTopic('frozen');
  const settings = settingsOf(broker.brokers);
  await withAdmin(async (admin) => await admin.createTopics([{ topic, partitions: 3 }], signal()));
  const limit = 2_000_000;
  const harness = new WriterHarness(settings, { maxInFlightBytes: limit, maxBatchBytes: 100_000 });
  await harness.open();
  await harness.write(outputs(topic, 100));
  await harness.flush();

  await broker.freeze();
  const value = Buffer.alloc(1_000);
  let written = 100;
  while (harness.writer.isWritable) {
    for (const record of outputs(topic, 100, written)) {
      harness.writer.write({ ...record, value });
    }
    written += 100;
    await new Promise(setImmediate);
  }
  const held = harness.gauge('inFlightBytes');
  await broker.thaw();
  await harness.write(outputs(topic, 500, written));
  await harness.flush(100_000);
  await harness.close();

  const numbers = await withAdmin(async (admin) => {
    const found: string[] = [];
    for await (const { headers } of admin.read({ topic }, signal())) {
      found.push(String(headers['n']));
    }
    return found;
  });
  expect(held).toBeLessThan(limit + 200_000);
  expect(numbers).toHaveLength(written + 500);
  expect(new Set(numbers).size).toBe(written + 500);
});

test('a leader that stays out of reach while metadata is answered costs the attempt, and is named', async () => {
  const relay = new TcpRelay();
  const relayPort = await relay.open();
  const relayed = await startTestBroker({ advertisedPort: relayPort });
  try {
    relay.passTo(Number(relayed.brokers.split(':')[1]));
    const topic = newTopic('leader-away');
    const settings = settingsOf(relayed.brokers);
    const admin = new KafkaAdmin(settings, silentLogger);
    await admin.createTopics([{ topic, partitions: 2 }], signal());
    await admin.produce(outputs(topic, 100), signal());
    await admin.close();
    // A clock that runs 40 times as fast passes the two minutes of the bound in three seconds.
    const clock = { ...nodeClock, monotonicMs: () => nodeClock.monotonicMs() * 40 };
    const harness = new ReaderHarness(settings, { topic }, clock);
    await harness.open(await discover(settings, { topic }), false);
    await harness.run(() => harness.records.length === 100);

    await relay.cut();
    const failure = await failureOf(harness.run(() => false, 30_000));
    await harness.close();

    expect(failure).toMatchObject({ code: 'kafka-unreachable', reaction: 'restart-job' });
    expect(failure?.message).toContain(`127.0.0.1:${relayPort}`);
    expect(failure?.message).toContain(`${topic}-0`);
    expect(failure?.message).toContain(`${topic}-1`);
    expect(failure?.remedy).toContain('that the brokers run');
  } finally {
    await relayed.dispose();
  }
});

describe('what is wrong is named', () => {
  test('an unreachable broker', async () => {
    const failure = await failureOf(discover(settingsOf('127.0.0.1:1'), { topic: 't' }));

    expect(failure).toMatchObject({ code: 'kafka-unreachable', reaction: 'restart-job' });
    expect(failure?.message).toBe('Kafka at 127.0.0.1:1 does not answer (ECONNREFUSED).');
    expect(failure?.remedy).toContain('kafka.bootstrap.servers');
  });

  test('an unknown topic', async () => {
    const failure = await failureOf(discover(settingsOf(broker.brokers), { topic: 'nobody-made-this' }));

    expect(failure).toMatchObject({ code: 'kafka-unknown-topic', reaction: 'fail-job' });
    expect(failure?.message).toContain('nobody-made-this');
    expect(failure?.remedy).toContain('kafka-topics.sh');
  });

  test('no brokers at all', async () => {
    const failure = await failureOf(discover(new Map(), { topic: 't' }));

    expect(failure).toMatchObject({ code: 'kafka-configuration', reaction: 'fail-job' });
    expect(failure?.remedy).toContain('NERVE_KAFKA_BOOTSTRAP_SERVERS');
  });

  const sasl = { 'kafka.sasl.mechanism': 'plain', 'kafka.sasl.username': 'nerve' };

  test('a wrong password, which is not repeated', async () => {
    const settings = settingsOf(broker.saslBrokers, { ...sasl, 'kafka.sasl.password': 'wrong-password' });
    const failure = await failureOf(discover(settings, { topic: 't' }));

    expect(failure).toMatchObject({ code: 'kafka-login-refused', reaction: 'fail-job' });
    expect(JSON.stringify(failure)).not.toContain('wrong-password');
    expect(failure?.remedy).toContain('kafka.sasl.password');
  });

  test('a listener that asks for a login when none is configured', async () => {
    const failure = await failureOf(discover(settingsOf(broker.saslBrokers), { topic: 't' }));

    expect(failure).toMatchObject({ code: 'kafka-unreachable' });
    expect(failure?.remedy).toContain('login');
  });

  test('a mechanism that the listener does not offer', async () => {
    const settings = settingsOf(broker.saslBrokers, {
      ...sasl,
      'kafka.sasl.mechanism': 'scram-sha-256',
      'kafka.sasl.password': 'x',
    });
    const failure = await failureOf(discover(settings, { topic: 't' }));

    expect(failure).toMatchObject({ code: 'kafka-login-refused', reaction: 'fail-job' });
  });

  test('with the right password everything works over the SASL listener', async () => {
    const topic = newTopic('sasl');
    const settings = settingsOf(broker.saslBrokers, { ...sasl, 'kafka.sasl.password': 'test-password' });
    const admin = new KafkaAdmin(settings, silentLogger);
    await admin.createTopics([{ topic, partitions: 2 }], signal());
    await admin.produce(outputs(topic, 100), signal());
    let count = 0;
    for await (const record of admin.read({ topic }, signal())) {
      count += record.value.length > 0 ? 1 : 0;
    }
    await admin.close();

    expect(count).toBe(100);
  });
});

describe('TLS', () => {
  test('with the authority that signed the broker’s certificate everything works', async () => {
    const topic = newTopic('tls');
    const admin = new KafkaAdmin(settingsOf(broker.tlsBrokers, { 'kafka.ssl.ca.path': broker.caPath }), silentLogger);
    await admin.createTopics([{ topic, partitions: 2 }], signal());
    await admin.produce(outputs(topic, 100), signal());
    let count = 0;
    for await (const record of admin.read({ topic }, signal())) {
      count += record.value.length > 0 ? 1 : 0;
    }
    await admin.close();

    expect(count).toBe(100);
  });

  test('an authority that is not trusted is named, and not tried again', async () => {
    const failure = await failureOf(
      discover(settingsOf(broker.tlsBrokers, { 'kafka.ssl.enabled': 'true' }), { topic: 't' }),
    );

    expect(failure).toMatchObject({ code: 'kafka-tls-refused', reaction: 'fail-job' });
    expect(failure?.remedy).toContain('kafka.ssl.ca.path');
  });
});

test('reader and writer work in a worker thread', async () => {
  const topic = newTopic('worker');
  await withAdmin(async (admin) => {
    await admin.createTopics([{ topic, partitions: 2 }], signal());
  });
  const worker = new Worker(new URL('kafka-worker-testing.ts', import.meta.url), {
    workerData: { brokers: broker.brokers, topic, count: 500 },
  });
  // A worker that ends soon after its message may have both told in one turn.
  const exited = once(worker, 'exit') as Promise<unknown[]>;
  const [answer] = (await once(worker, 'message')) as unknown[];
  const [exitCode] = await exited;

  expect(answer).toStrictEqual({ read: 500 });
  expect(exitCode).toBe(0);
});
