import { randomUUID } from 'node:crypto';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { OutputRecord, SourceRecord } from '../../shared/connector/records.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { SinkUnderTest } from '../sink.conformance.ts';
import { describeSinkConformance } from '../sink.conformance.ts';
import { describeSourceConformance } from '../source.conformance.ts';
import { KafkaAdmin } from './kafka-admin.ts';
import { sharedBrokers } from './kafka-broker-testing.ts';
import { kafkaCoordinatorConnector } from './kafka-coordinator-connector.ts';
import { newTopic, outputs, settingsOf } from './kafka-harness-testing.ts';
import { kafkaTaskConnector } from './kafka-task-connector.ts';
import { settleTransactions } from './kafka-transaction-testing.ts';
import { kafkaSink } from './sink-spec.ts';
import { kafkaSource } from './source-spec.ts';

const settings = settingsOf(sharedBrokers());
const signal = (): AbortSignal => AbortSignal.timeout(60_000);
const MAX_IN_FLIGHT_BYTES = 100_000;

describeSinkConformance('Kafka sink, exactly once', async () => await sinkUnderTest('exactly-once'));
describeSinkConformance('Kafka sink, at least once', async () => await sinkUnderTest('at-least-once'));

describeSourceConformance('bounded Kafka source', async () => {
  const admin = new KafkaAdmin(settings, silentLogger);
  const topic = newTopic('conformance-source');
  await admin.createTopics([{ topic, partitions: 3 }], signal());
  await admin.produce(outputs(topic, 60), signal());
  const expected = new Map<string, string[]>();
  for await (const record of admin.read({ topic }, signal())) {
    const { split } = record.position;
    expected.set(split, [...(expected.get(split) ?? []), record.value.toString()]);
  }
  return {
    spec: kafkaSource({ topic, bounded: true }),
    coordinator: kafkaCoordinatorConnector,
    task: kafkaTaskConnector,
    outside: { settings, clock: nodeClock },
    identify: (value) => (value as SourceRecord).value.toString(),
    expected,
    cleanUp: async () => {
      await admin.deleteTopics([topic], signal());
      await admin.close();
    },
  };
});

async function sinkUnderTest(guarantee: 'exactly-once' | 'at-least-once'): Promise<SinkUnderTest> {
  const admin = new KafkaAdmin(settings, silentLogger);
  const topic = newTopic('conformance-sink');
  const clusterId = `test-${randomUUID()}`;
  await admin.createTopics([{ topic, partitions: 2 }], signal());
  return {
    spec: kafkaSink({ guarantee, maxInFlightBytes: MAX_IN_FLIGHT_BYTES, maxBatchBytes: 10_000 }),
    coordinator: kafkaCoordinatorConnector,
    task: kafkaTaskConnector,
    outside: { settings, clock: nodeClock, clusterId },
    guarantee,
    record: (n): OutputRecord => ({ topic, key: `key-${n}`, value: Buffer.alloc(1_000, `${n} `), headers: {} }),
    identify: (value) => (value as OutputRecord).value.toString(),
    readVisible: async () => {
      await settleTransactions(admin, clusterId);
      const seen: string[] = [];
      for await (const { value } of admin.read({ topic }, signal())) {
        seen.push(value.toString());
      }
      return seen.sort();
    },
    bufferedBytesMax: MAX_IN_FLIGHT_BYTES,
    recordBytes: 1_000,
    cleanUp: async () => {
      await admin.deleteTopics([topic], signal());
      await admin.close();
    },
  };
}
