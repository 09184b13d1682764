import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { silentLogger } from '../../shared/log/logger.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { sharedBrokers } from './kafka-broker-testing.ts';
import { failureOf, newTopic, outputs, settingsOf } from './kafka-harness-testing.ts';
import { range, SinkHarness, visibleNumbers } from './kafka-transaction-testing.ts';
import type { KafkaSinkOptions } from './options.ts';

const settings = settingsOf(sharedBrokers());
let admin: KafkaAdmin;
let sink: SinkHarness;
const signal = (): AbortSignal => AbortSignal.timeout(60_000);
const checkpoint = (n: number): ReturnType<typeof parseCheckpointId> => parseCheckpointId(BigInt(n));

beforeAll(() => {
  admin = new KafkaAdmin(settings, silentLogger);
});

afterAll(async () => {
  await admin.close();
});

afterEach(async () => {
  await sink.close();
});

async function setUp(what: string, options: KafkaSinkOptions = {}, partitions = 3): Promise<string> {
  const topic = newTopic(what);
  await admin.createTopics([{ topic, partitions }], signal());
  sink = new SinkHarness(settings, { topics: [topic], ...options });
  return topic;
}

const visible = async (topic: string): Promise<readonly number[]> => await visibleNumbers(admin, topic, sink.prefix);

test('output shows after its commit, and not before', async () => {
  const topic = await setUp('commit');
  const writer = await sink.writer();
  await writer.write(outputs(topic, 500));
  const prepared = await writer.prepare(1);
  const before = await visible(topic);

  await sink.commit(prepared);

  expect(before).toStrictEqual([]);
  expect(await visible(topic)).toStrictEqual(range(0, 500));
});

test('two prepared transactions are committed together, also twice', async () => {
  const topic = await setUp('two');
  const writer = await sink.writer();
  await writer.write(outputs(topic, 100));
  const first = await writer.prepare(1);
  await writer.write(outputs(topic, 100, 100));
  const second = await writer.prepare(2);

  await sink.commit([...first, ...second]);
  await sink.commit([...second, ...first]);

  expect(first).not.toStrictEqual(second);
  expect(await visible(topic)).toStrictEqual(range(0, 200));
});

test('a committable names what it wrote', async () => {
  const topic = await setUp('names', {}, 1);
  const writer = await sink.writer();
  await writer.write(outputs(topic, 10));
  const [first] = await writer.prepare(1);

  expect(JSON.parse(first ?? '')).toMatchObject({
    transactionalId: `${sink.clusterId}/test/sink/1/0/0`,
    producerEpoch: 0,
    written: [[topic, [[0, '0', '9']]]],
  });
});

test('a writer goes through many more checkpoints than it has ids, each (id, epoch) once', async () => {
  const topic = await setUp('pool');
  const writer = await sink.writer({ transactionPool: 3 });
  const seen: string[] = [];
  for (let n = 1; n <= 20; n += 1) {
    await writer.write(outputs(topic, 10, n * 10));
    const prepared = await writer.prepare(n);
    await sink.commit(prepared);
    writer.writer.committed(checkpoint(n));
    for (const committable of prepared) {
      const { transactionalId, producerEpoch } = JSON.parse(committable) as Record<string, unknown>;
      seen.push(`${String(transactionalId)} ${String(producerEpoch)}`);
    }
  }

  expect(await visible(topic)).toStrictEqual(range(10, 210));
  expect(seen).toHaveLength(20);
  expect(new Set(seen).size).toBe(20);
  expect(new Set(seen.map((each) => each.split(' ')[0])).size).toBeLessThanOrEqual(3);
});

test('when all ids wait for their commit, the attempt fails at once and says so', async () => {
  const topic = await setUp('exhausted');
  const writer = await sink.writer({ transactionPool: 2 });
  await writer.write(outputs(topic, 1));
  await writer.prepare(1);
  await writer.write(outputs(topic, 1, 1));
  await writer.prepare(2);
  await writer.write(outputs(topic, 1, 2));

  const failure = await failureOf(writer.prepare(3));

  expect(failure).toMatchObject({ code: 'kafka-transaction-pool-exhausted', reaction: 'restart-job' });
  expect(writer.failure).toStrictEqual(failure);
});

describe('an abandoned attempt', () => {
  test('leaves nothing open and nothing visible', async () => {
    const topic = await setUp('abandoned');
    const writer = await sink.writer();
    await writer.write(outputs(topic, 100));
    await writer.prepare(1);
    await writer.write(outputs(topic, 100, 100));
    await writer.flush();
    const openBefore = await admin.openTransactions(sink.prefix, signal());

    await sink.abandon(1);

    expect(openBefore).toHaveLength(2);
    expect(await admin.openTransactions(sink.prefix, signal())).toStrictEqual([]);
    expect(await visible(topic)).toStrictEqual([]);
  });

  test('is fenced quickly', async () => {
    const topic = await setUp('fast');
    const writers = [await sink.writer({ subtask: 0 }), await sink.writer({ subtask: 1 })];
    for (const writer of writers) {
      await writer.write(outputs(topic, 10));
      await writer.prepare(1);
      await writer.write(outputs(topic, 10));
      await writer.flush();
    }
    const startedMs = performance.now();

    await sink.abandon(1, 2, 6);

    // Twelve ids, four of them with a transaction that has to be aborted. The bound leaves room for a busy machine.
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    expect(await admin.openTransactions(sink.prefix, signal())).toStrictEqual([]);
  });

  test('cannot write: what its writer has open is refused, and it can begin nothing new', async () => {
    const topic = await setUp('zombie');
    const zombie = await sink.writer();
    await zombie.write(outputs(topic, 10));
    await zombie.flush();
    await sink.abandon(1);
    const next = await sink.writer({ attempt: 2 });
    await next.write(outputs(topic, 10, 100));
    const prepared = await next.prepare(2);

    await zombie.write(outputs(topic, 10, 10));
    const failure = await failureOf(zombie.prepare(2));
    await sink.commit(prepared);

    expect(failure).toMatchObject({ reaction: 'restart-job' });
    expect(await visible(topic)).toStrictEqual(range(100, 110));
    expect(await admin.openTransactions(sink.prefix, signal())).toStrictEqual([]);
  });

  test('cannot begin: a writer that asks for an id for the first time afterwards is told that it was given up', async () => {
    const topic = await setUp('late');
    await sink.abandon(1);

    const failure = await failureOf(sink.writer());

    expect(failure).toMatchObject({ code: 'kafka-writer-fenced', reaction: 'restart-job' });
    expect(failure?.message).toContain(`${sink.clusterId}/test/sink/1/0/`);
    expect(await visible(topic)).toStrictEqual([]);
  });

  test('cannot go on: an id that it wants to use again is refused', async () => {
    const topic = await setUp('again');
    const writer = await sink.writer({ transactionPool: 2 });
    await writer.write(outputs(topic, 10));
    await sink.commit(await writer.prepare(1));
    await writer.write(outputs(topic, 10, 10));
    await sink.commit(await writer.prepare(2));
    await sink.abandon(1, 1, 2);

    writer.writer.committed(checkpoint(2));
    await writer.write(outputs(topic, 10, 20));
    const failure = await failureOf(writer.prepare(3));

    expect(failure).toMatchObject({ code: 'kafka-writer-fenced' });
    expect(await visible(topic)).toStrictEqual(range(0, 20));
    expect(await admin.openTransactions(sink.prefix, signal())).toStrictEqual([]);
  });
});

describe('output that cannot be committed any more is a violation that names it', () => {
  test('when its attempt was abandoned', async () => {
    const topic = await setUp('lost', {}, 1);
    const writer = await sink.writer();
    await writer.write(outputs(topic, 5));
    const prepared = await writer.prepare(1);
    await sink.abandon(1, 1, 1);

    const failure = await failureOf(sink.commit(prepared));

    expect(failure).toMatchObject({ code: 'exactly-once-violation', reaction: 'fail-job' });
    expect(failure?.message).toContain(`${sink.clusterId}/test/sink/1/0/0`);
    expect(failure?.message).toContain(`${topic}-0 offsets 0 to 4`);
  });

  test('and the other transactions of the same commit are committed', async () => {
    const topic = await setUp('partly');
    const lost = await sink.writer({ attempt: 1 });
    const good = await sink.writer({ attempt: 2 });
    await lost.write(outputs(topic, 10));
    await good.write(outputs(topic, 10, 100));
    const prepared = [...(await lost.prepare(1)), ...(await good.prepare(1))];
    await sink.abandon(1);

    const failure = await failureOf(sink.commit(prepared));

    expect(failure?.code).toBe('exactly-once-violation');
    expect(await visible(topic)).toStrictEqual(range(100, 110));
  });
});

describe('the settings are checked before a job starts', () => {
  const check = async (neededMs: number): Promise<readonly string[]> =>
    await sink.withCommitter(async (committer) => await committer.check(neededMs, signal()));

  test('default settings pass', async () => {
    await setUp('check');

    // (3 + 1) × (1 s + 60 s) + 60 s without a leader + 60 s of recovery.
    expect(await check(364_000)).toStrictEqual([]);
  });

  test('a transaction timeout that is too short is said in one sentence', async () => {
    await setUp('check-short', { transactionTimeoutMs: 20_000 });

    const problems = await check(364_000);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('transactionTimeoutMs is 20000, and the checkpoint settings need 364000');
  });

  test('one that the broker does not allow as well', async () => {
    await setUp('check-long', { transactionTimeoutMs: 3_600_000 });

    const problems = await check(364_000);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('transaction.max.timeout.ms');
  });
});

test('records of a topic that appears later are committed with the checkpoint before which they were written', async () => {
  const topic = await setUp('known');
  const late = newTopic('late-topic');
  const writer = await sink.writer();
  await writer.write(outputs(topic, 10));
  await writer.write(outputs(late, 10));
  const preparing = writer.prepare(1);
  await writer.write(outputs(late, 10, 10));
  await admin.createTopics([{ topic: late, partitions: 1 }], signal());
  await sink.commit(await preparing);

  expect(await visible(topic)).toStrictEqual(range(0, 10));
  expect(await visible(late)).toStrictEqual(range(0, 10));
});

test('under load, with a checkpoint every 200 ms of which some are never committed by themselves, everything shows once', async () => {
  const topic = await setUp('load', { maxBatchBytes: 20_000 });
  const writer = await sink.writer({ transactionPool: 6 });
  let written = 0;
  const stop = AbortSignal.timeout(4_000);
  const writing = (async (): Promise<void> => {
    while (!stop.aborted) {
      await writer.write(outputs(topic, 200, written));
      written += 200;
    }
  })();
  let held: string[] = [];
  let checkpoints = 0;
  while (!stop.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    checkpoints += 1;
    held.push(...(await writer.prepare(checkpoints)));
    // Every third one is aborted: its output goes with the next.
    if (checkpoints % 3 !== 0) {
      await sink.commit(held);
      writer.writer.committed(checkpoint(checkpoints));
      held = [];
    }
  }
  await writing;
  held.push(...(await writer.prepare(checkpoints + 1)));
  await sink.commit(held);

  expect(checkpoints).toBeGreaterThan(5);
  expect(await visible(topic)).toStrictEqual(range(0, written));
});
