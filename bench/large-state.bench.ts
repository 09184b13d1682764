/**
 * A large keyed state on real processes, Kafka and MinIO, exactly once, one task manager of two slots:
 *
 *   eval "$(scripts/services env)"
 *   node bench/large-state.bench.ts --state-mb 100 --records 1000000     checkpoints at full load
 *   node bench/large-state.bench.ts --state-mb 1000 --restarts 3         kill -9, with the local disk and without it
 *
 * At full load every message, of 836 bytes, rewrites the 1,000 bytes of a random key. Windows of 250 ms are of the time at which the broker appended
 * the results. A restart is measured from the kill to the first result that is new, start of the process included.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { KafkaAdmin } from '../connectors/kafka/kafka-admin.ts';
import type { OutputRecord } from '../index.ts';
import { IndependentReader } from '../integration-tests/chaos/independent-reader.ts';
import { ClusterUnderTest } from '../integration-tests/harness/cluster-under-test.ts';
import { silentLogger } from '../shared/log/logger.ts';
import { seededRandom } from '../shared/random/random.ts';
import { MinioSnapshotStore } from '../shared/snapshot-store/minio-snapshot-store.ts';
import type { StoreCall } from '../shared/snapshot-store/snapshot-store.ts';

const { values } = parseArgs({
  options: {
    'state-mb': { type: 'string', default: '100' },
    records: { type: 'string', default: '1000000' },
    restarts: { type: 'string', default: '0' },
    interval: { type: 'string', default: '1s' },
  },
});
const VALUE_BYTES = 1_000;
/** As long as a message of HL7. */
const MESSAGE = Buffer.alloc(836);
const WINDOW_MS = 250;
const BUCKET = 'nerve-bench';
const SLOTS = 2;
const keys = (Number(values['state-mb']) * 1_000_000) / VALUE_BYTES;
const records = Number(values.records);
const restarts = Number(values.restarts);
const signal = AbortSignal.timeout(1_800_000);
const call: StoreCall = { deadlineMs: 60_000, signal };
const s3 = {
  endpoint: process.env['S3_ENDPOINT'] ?? 'http://127.0.0.1:19000',
  accessKey: process.env['S3_ACCESS_KEY'] ?? 'nerveaccess',
  secretKey: process.env['S3_SECRET_KEY'] ?? 'nervesecret',
  region: process.env['S3_REGION'] ?? 'us-east-1',
};
const name = `large-state-${randomUUID().slice(0, 8)}`;
const brokers = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
const admin = new KafkaAdmin(new Map([['kafka.bootstrap.servers', brokers]]), silentLogger);
const [input, output] = [`${name}.keys`, `${name}.seen`];
const store = new MinioSnapshotStore({ ...s3, bucket: BUCKET, prefix: `${name}/` }, seededRandom(1));
const localDir = mkdtempSync(join(tmpdir(), 'nerve-bench-'));

await store.ensureBucket(call);
await admin.createTopics([{ topic: input, partitions: 4 }], signal);
await admin.createTopics(
  [{ topic: output, partitions: 2, config: { 'message.timestamp.type': 'LogAppendTime' } }],
  signal,
);
const cluster = await ClusterUnderTest.start({
  taskManagers: 1,
  slots: SLOTS,
  configuration: {
    'high-availability.cluster-id': name,
    'state.checkpoints.dir': `s3://${BUCKET}/${name}`,
    's3.endpoint': s3.endpoint,
    's3.access-key': s3.accessKey,
    's3.secret-key': s3.secretKey,
    's3.region': s3.region,
    'state.local-dir': localDir,
    'execution.checkpointing.interval': values.interval,
  },
  configurationOf: { coordinator: { 'log.level': 'debug' } },
});
try {
  await admin.produce(everyKey(), signal);
  if (restarts === 0) {
    await admin.produce(randomKeys(records), signal);
  }
  const jobId = await cluster.submit('bench/large-state-job.ts', ['--input', input, '--output', output], SLOTS);
  await untilWritten(keys);
  process.stdout.write(`${keys} keys of ${VALUE_BYTES} bytes are there\n`);
  if (restarts === 0) {
    await atFullLoad();
  } else {
    await completesTwo(jobId);
    const results = await IndependentReader.open(brokers, output, 'read-uncommitted');
    await restarted(results, 'with its local disk', () => undefined);
    await restarted(results, 'without it, from MinIO', () => {
      rmSync(localDir, { recursive: true, force: true });
    });
    await results.close();
  }
  await cluster.admin.cancel(jobId);
} finally {
  await cluster.stop();
  await admin.deleteTopics([input, output], AbortSignal.timeout(20_000)).catch(() => undefined);
  await admin.close();
  for await (const { key } of store.list('', call)) {
    await store.delete(key, call);
  }
  await store.close();
  rmSync(localDir, { recursive: true, force: true });
}

async function atFullLoad(): Promise<void> {
  const from = Date.now();
  await untilWritten(keys + records);
  const until = Date.now();
  const windows = new Map<number, number>();
  for await (const { position } of admin.read({ topic: output, isolation: 'read_uncommitted' }, signal)) {
    const window = Math.floor((position.timestampMs - from) / WINDOW_MS);
    windows.set(window, (windows.get(window) ?? 0) + 1);
  }
  // The first and the last window are not whole.
  const whole = Array.from({ length: Math.floor((until - from) / WINDOW_MS) - 2 }, (_, i) => windows.get(i + 1) ?? 0);
  const mean = whole.reduce((sum, each) => sum + each, 0) / whole.length;
  const worst = whole.toSorted((a, b) => a - b);
  const took = cluster.coordinator
    .log()
    .split('\n')
    .filter((line) => line.includes('"checkpoint-completed"'))
    .map((line) => /"tookMs":(\d+)/.exec(line)?.[1])
    .map(Number)
    .slice(-Math.floor((until - from) / 1_000))
    .toSorted((a, b) => a - b);
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0;
  process.stdout.write(
    `${Math.round((mean * 1_000) / WINDOW_MS)} records/s; worst window of 250 ms ${share(worst[0], mean)} of the mean, ` +
      `5th percentile ${share(worst[Math.floor(worst.length * 0.05)], mean)}, of ${whole.length} windows\n` +
      `${took.length} checkpoints: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms\n`,
  );
}

async function restarted(results: IndependentReader, how: string, meanwhile: () => void): Promise<void> {
  for (let i = 0; i < restarts; i += 1) {
    const taskManager = cluster.taskManagers[0];
    const killedAt = performance.now();
    await taskManager?.kill();
    meanwhile();
    await isQuiet(results);
    const before = results.records.length;
    await admin.produce(randomKeys(100), signal);
    cluster.startTaskManager(0);
    while (results.records.length === before) {
      await pause(20);
    }
    process.stdout.write(`restart ${how}: ${((performance.now() - killedAt) / 1_000).toFixed(1)} s\n`);
    await pause(5_000);
  }
}

/** Ends when the reader has seen what was written so far. */
async function isQuiet(results: IndependentReader): Promise<void> {
  let seen = -1;
  while (seen !== results.records.length) {
    seen = results.records.length;
    await pause(1_000);
  }
}

async function completesTwo(jobId: string): Promise<void> {
  const completed = async (): Promise<number> => (await cluster.admin.job(jobId)).checkpoints?.completed ?? 0;
  const before = await completed();
  while ((await completed()) < before + 2) {
    await pause(200);
  }
}

function* everyKey(): Generator<OutputRecord> {
  for (let i = 0; i < keys; i += 1) {
    yield recordOf(i);
  }
}

function* randomKeys(count: number): Generator<OutputRecord> {
  const random = seededRandom(7);
  for (let i = 0; i < count; i += 1) {
    yield recordOf(random.below(keys));
  }
}

function recordOf(key: number): OutputRecord {
  return { topic: input, key: `k${key}`, value: MESSAGE, headers: {} };
}

async function untilWritten(count: number): Promise<void> {
  while ((await written()) < count) {
    await pause(50);
  }
}

/** Offsets of the results, so with the markers of transactions among them. */
async function written(): Promise<number> {
  return (await admin.endOffsets(output, signal)).reduce((sum, end) => sum + Number(end), 0);
}

function share(count: number | undefined, mean: number): string {
  return `${Math.round((100 * (count ?? 0)) / mean)} %`;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
