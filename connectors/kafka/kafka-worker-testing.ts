import { parentPort, workerData } from 'node:worker_threads';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { outputs, settingsOf } from './kafka-harness-testing.ts';

/** Runs in a worker thread: writes and reads as many records as it is told, then ends by itself. */
const { brokers, topic, count } = workerData as {
  readonly brokers: string;
  readonly topic: string;
  readonly count: number;
};
const admin = new KafkaAdmin(settingsOf(brokers), silentLogger);
const signal = AbortSignal.timeout(60_000);
await admin.produce(outputs(topic, count), signal);
let read = 0;
for await (const record of admin.read({ topic }, signal)) {
  read += record.value.length > 0 ? 1 : 0;
}
await admin.close();
parentPort?.postMessage({ read });
