/**
 * CPU per record of our Kafka reader and writer beside kafkajs' own, in one run against one real broker:
 *
 *   eval "$(scripts/services env)"; node bench/kafka-connector.bench.ts [records]
 *
 * Records of 1 KB with a key and two headers, 4 partitions. What counts is the processor time of this process (user and
 * system) after a warm-up; the broker's is not in it. Figures are in bench/README.md.
 */
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { kafkaCoordinatorConnector } from '../connectors/kafka/kafka-coordinator-connector.ts';
import { KafkaAdmin } from '../connectors/kafka/kafka-admin.ts';
import { kafkaTaskConnector } from '../connectors/kafka/kafka-task-connector.ts';
import { kafkaSink } from '../connectors/kafka/sink-spec.ts';
import { kafkaSource } from '../connectors/kafka/source-spec.ts';
import type { Compression } from '../connectors/kafka/options.ts';
import type { OutputRecord } from '../shared/connector/records.ts';
import { parseAttemptNumber } from '../shared/ids.ts';
import { silentLogger } from '../shared/log/logger.ts';
import { MetricRegistry } from '../shared/metrics/metric-registry.ts';
import { formatFailure } from '../shared/failure/failure.ts';

const brokers = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
const settings = new Map([['kafka.bootstrap.servers', brokers]]);
const count = Number(process.argv[2] ?? 200_000);
const signal = AbortSignal.timeout(600_000);
const admin = new KafkaAdmin(settings, silentLogger);
const value = Buffer.alloc(1_024, 'MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260101120000||ORU^R01|');
const rows: { what: string; cpuUs: number; perSecond: number }[] = [];

const prefix = `bench-${Date.now()}`;
await admin.createTopics(
  ['ours', 'kafkajs', 'lz4', 'zstd'].map((name) => ({ topic: `${prefix}-${name}`, partitions: 4 })),
  signal,
);
await measure('writer, ours', async (n) => await writeOurs(`${prefix}-ours`, n, 'none'));
await measure('writer, kafkajs', async (n) => await writeKafkajs(`${prefix}-kafkajs`, n));
await measure('writer, ours, lz4', async (n) => await writeOurs(`${prefix}-lz4`, n, 'lz4'));
await measure('writer, ours, zstd', async (n) => await writeOurs(`${prefix}-zstd`, n, 'zstd'));
await measure('reader, ours', async (n) => await readOurs(`${prefix}-ours`, n));
await measure('reader, kafkajs', async (n) => await readKafkajs(`${prefix}-ours`, n));
await measure('reader, ours, lz4', async (n) => await readOurs(`${prefix}-lz4`, n));
for (const { what, cpuUs, perSecond } of rows) {
  process.stdout.write(
    `${what.padEnd(20)} ${cpuUs.toFixed(2).padStart(6)} µs CPU per record ${perSecond.toLocaleString('en').padStart(10)} records/s\n`,
  );
}
await admin.deleteTopics(
  ['ours', 'kafkajs', 'lz4', 'zstd'].map((name) => `${prefix}-${name}`),
  signal,
);
await admin.close();
process.exit(0);

async function measure(what: string, run: (records: number) => Promise<void>): Promise<void> {
  await run(Math.ceil(count / 5));
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await run(count);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedMs) / 1_000;
  rows.push({ what, cpuUs: (user + system) / count, perSecond: Math.round(count / seconds) });
}

function record(topic: string, i: number): OutputRecord {
  return {
    topic,
    key: `HOSP|${i % 5_000}`,
    value,
    headers: { src: `0:${i}:1767268800000`, type: 'ORU' },
    timestampMs: 1_767_268_800_000 + i,
  };
}

async function writeOurs(topic: string, records: number, compression: Compression): Promise<void> {
  const writer = kafkaTaskConnector.createWriter(kafkaSink({ compression }));
  let wake: () => void = () => undefined;
  await writer.open(
    {
      ...context(() => wake()),
      jobId: 'bench',
      uid: 'bench',
      attempt: parseAttemptNumber(1),
      clusterId: 'bench',
      transactionPool: 6,
    },
    signal,
  );
  for (let i = 0; i < records; i += 1) {
    writer.write(record(topic, i));
    if (!writer.isWritable) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else if (i % 500 === 0) {
      await new Promise(setImmediate);
    }
  }
  await writer.flush(signal);
  await writer.close();
}

async function readOurs(topic: string, records: number): Promise<void> {
  const spec = kafkaSource({ topic, bounded: true });
  const enumerator = kafkaCoordinatorConnector.createEnumerator(spec, {
    settings,
    logger: silentLogger,
    clock: nodeClock,
  });
  const { splits } = await enumerator.discover(new Set(), signal);
  await enumerator.close();
  const reader = kafkaTaskConnector.createReader(spec);
  let wake: () => void = () => undefined;
  await reader.open(
    context(() => wake()),
    signal,
  );
  reader.addSplits(splits);
  reader.noMoreSplits();
  let seen = 0;
  const output = {
    collect: () => {
      seen += 1;
    },
  };
  while (seen < records) {
    const outcome = reader.poll(500, output);
    if (outcome === 'finished') {
      break;
    }
    await (outcome === 'wait'
      ? new Promise<void>((resolve) => {
          wake = resolve;
        })
      : new Promise(setImmediate));
  }
  await reader.close();
}

async function writeKafkajs(topic: string, records: number): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let i = 0; i < records; i += 1_000) {
    const messages = Array.from({ length: Math.min(1_000, records - i) }, (_, j) => {
      const { key, headers, timestampMs } = record(topic, i + j);
      return { key: key ?? null, value, headers: { ...headers }, timestamp: String(timestampMs) };
    });
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

async function readKafkajs(topic: string, records: number): Promise<void> {
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `${topic}-${records}`, maxBytes: 4_194_304 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          seen += batch.messages.length;
          if (seen >= records) {
            resolve();
          }
          await Promise.resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
}

function context(wake: () => void): {
  settings: typeof settings;
  subtask: number;
  parallelism: number;
  logger: typeof silentLogger;
  clock: typeof nodeClock;
  metrics: ReturnType<MetricRegistry['group']>;
  wake: () => void;
  requestSplit: () => void;
  fail: (failure: Parameters<typeof formatFailure>[0]) => void;
} {
  return {
    settings,
    subtask: 0,
    parallelism: 1,
    logger: silentLogger,
    clock: nodeClock,
    metrics: new MetricRegistry().group({}),
    wake,
    requestSplit: () => undefined,
    fail: (failure) => {
      throw new Error(formatFailure(failure));
    },
  };
}
