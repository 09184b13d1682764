import type { CoordinatorConnector } from '../../shared/connector/connector.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import { KafkaCommitter } from './kafka-committer.ts';
import { KafkaEnumerator } from './kafka-enumerator.ts';
import { sinkOptionsOf, sourceOptionsOf } from './spec-wire.ts';

/** Without transactions what a writer flushed is visible already: there are no committables, and nothing to take back. */
const nothingToCommit: SinkCommitter = {
  check: async () => await Promise.resolve([]),
  commit: async () => await Promise.resolve(),
  abandon: async () => await Promise.resolve(),
  close: async () => await Promise.resolve(),
};

/** Kafka's half in the coordinator, under the name `kafka`. */
export const kafkaCoordinatorConnector: CoordinatorConnector = {
  createEnumerator: (spec, context) => new KafkaEnumerator(sourceOptionsOf(spec), context),
  createCommitter: (spec, context) => {
    const { checked } = sinkOptionsOf(spec);
    return checked.guarantee === 'exactly-once' ? new KafkaCommitter(checked, context) : nothingToCommit;
  },
};
