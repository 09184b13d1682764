/**
 * What exactly once costs a Kafka writer beside at least once: processor time per record of the process that writes and commits,
 * in interleaved pairs of runs against one real broker, each with a checkpoint every INTERVAL.
 *
 *   eval "$(scripts/services env)"; node bench/kafka-transactions.bench.ts [records] [interval ms] [pairs]
 *
 * Records of 1 KB with a key and two headers, 4 partitions. Figures are in bench/README.md.
 */
import { randomUUID } from 'node:crypto';
import { KafkaAdmin } from '../connectors/kafka/kafka-admin.ts';
import { kafkaCoordinatorConnector } from '../connectors/kafka/kafka-coordinator-connector.ts';
import { kafkaTaskConnector } from '../connectors/kafka/kafka-task-connector.ts';
import type { Guarantee } from '../connectors/kafka/options.ts';
import { kafkaSink } from '../connectors/kafka/sink-spec.ts';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { formatFailure } from '../shared/failure/failure.ts';
import { parseAttemptNumber, parseCheckpointId } from '../shared/ids.ts';
import { silentLogger } from '../shared/log/logger.ts';
import { MetricRegistry } from '../shared/metrics/metric-registry.ts';

const settings = new Map([['kafka.bootstrap.servers', process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092']]);
const count = Number(process.argv[2] ?? 600_000);
const intervalMs = Number(process.argv[3] ?? 1_000);
const pairs = Number(process.argv[4] ?? 5);
const signal = AbortSignal.timeout(1_200_000);
const admin = new KafkaAdmin(settings, silentLogger);
const value = Buffer.alloc(1_024, 'MSH|^~\\&|LAB|HOSP|EHR|HOSP|20260101120000||ORU^R01|');

interface Cost {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly checkpoints: number;
  /** From the call of `prepareCommit` to the end of the commit, the longest. */
  readonly slowestMs: number;
}

await run('at-least-once', count / 4);
await run('exactly-once', count / 4);
const ratios: number[] = [];
for (let i = 0; i < pairs; i += 1) {
  const [atLeastOnce, exactlyOnce] =
    i % 2 === 0
      ? [await run('at-least-once', count), await run('exactly-once', count)]
      : ([await run('exactly-once', count), await run('at-least-once', count)].reverse() as [Cost, Cost]);
  ratios.push(exactlyOnce.cpuUs / atLeastOnce.cpuUs);
  process.stdout.write(
    `pair ${i + 1}: at least once ${show(atLeastOnce)}; exactly once ${show(exactlyOnce)}; ratio ${(exactlyOnce.cpuUs / atLeastOnce.cpuUs).toFixed(3)}\n`,
  );
}
const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Number.NaN;
process.stdout.write(
  `median ratio ${median.toFixed(3)} of ${pairs} pairs, ${count} records, a checkpoint every ${intervalMs} ms\n`,
);
await admin.close();
process.exit(0);

function show({ cpuUs, perSecond, checkpoints, slowestMs }: Cost): string {
  return `${cpuUs.toFixed(2)} µs, ${perSecond.toLocaleString('en')}/s, ${checkpoints} checkpoints, slowest ${slowestMs.toFixed(0)} ms`;
}

async function run(guarantee: Guarantee, records: number): Promise<Cost> {
  const topic = `bench-transactions-${randomUUID()}`;
  await admin.createTopics([{ topic, partitions: 4 }], signal);
  const spec = kafkaSink({ guarantee });
  const place = {
    settings,
    jobId: 'bench',
    uid: 'sink',
    clusterId: randomUUID(),
    logger: silentLogger,
    clock: nodeClock,
  };
  const writer = kafkaTaskConnector.createWriter(spec);
  const committer = kafkaCoordinatorConnector.createCommitter(spec, place);
  let wake: () => void = () => undefined;
  await writer.open(
    {
      ...place,
      attempt: parseAttemptNumber(1),
      subtask: 0,
      parallelism: 1,
      transactionPool: 6,
      metrics: new MetricRegistry().group({}),
      wake: () => {
        wake();
      },
      fail: (failure) => {
        throw new Error(formatFailure(failure));
      },
    },
    signal,
  );
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  let checkpoints = 0;
  let slowestMs = 0;
  let checkpointing: Promise<void> | undefined;
  const checkpoint = async (): Promise<void> => {
    checkpoints += 1;
    const id = parseCheckpointId(BigInt(checkpoints));
    const beganMs = performance.now();
    const prepared = await writer.prepareCommit(id, signal);
    await committer.commit(
      prepared.map(({ committable }) => committable),
      signal,
    );
    writer.committed(id);
    slowestMs = Math.max(slowestMs, performance.now() - beganMs);
  };
  let dueMs = startedMs + intervalMs;
  for (let i = 0; i < records; i += 1) {
    writer.write({
      topic,
      key: `HOSP|${i % 5_000}`,
      value,
      headers: { src: `0:${i}:1767268800000`, type: 'ORU' },
      timestampMs: 1_767_268_800_000 + i,
    });
    if (i % 200 === 0 && performance.now() >= dueMs && checkpointing === undefined) {
      dueMs = performance.now() + intervalMs;
      checkpointing = checkpoint().finally(() => {
        checkpointing = undefined;
      });
    }
    if (!writer.isWritable) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    } else if (i % 500 === 0) {
      await new Promise(setImmediate);
    }
  }
  await checkpointing;
  await checkpoint();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - startedMs) / 1_000;
  await writer.close();
  await committer.close();
  await admin.deleteTopics([topic], signal);
  return { cpuUs: (user + system) / records, perSecond: Math.round(records / seconds), checkpoints, slowestMs };
}
