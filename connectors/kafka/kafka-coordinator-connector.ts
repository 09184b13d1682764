import type { CoordinatorConnector } from '../../shared/connector/connector.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import { KafkaEnumerator } from './kafka-enumerator.ts';
import { sourceOptionsOf } from './spec-wire.ts';

/** At-least-once: what a writer flushed is visible already, and it returns no committables. */
const nothingToCommit: SinkCommitter = {
  commit: async () => await Promise.resolve(),
  close: async () => await Promise.resolve(),
};

/** Kafka's half in the coordinator, under the name `kafka`. */
export const kafkaCoordinatorConnector: CoordinatorConnector = {
  createEnumerator: (spec, context) => new KafkaEnumerator(sourceOptionsOf(spec), context),
  createCommitter: () => nothingToCommit,
};
