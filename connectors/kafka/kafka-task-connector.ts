import type { TaskConnector } from '../../shared/connector/connector.ts';
import { KafkaReader } from './kafka-reader.ts';
import { KafkaWriter } from './kafka-writer.ts';
import { sinkOptionsOf, sourceOptionsOf } from './spec-wire.ts';

/** Kafka's half in a task manager, under the name `kafka`. Works in any thread. */
export const kafkaTaskConnector: TaskConnector = {
  createReader: (spec) => new KafkaReader(sourceOptionsOf(spec)),
  createWriter: (spec) => new KafkaWriter(sinkOptionsOf(spec)),
};
