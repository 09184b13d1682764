import { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { CreateTopics } from './topics-command.ts';

export const kafkaCreateTopics: CreateTopics = async ({ connectors }, topics, partitions, signal) => {
  const admin = new KafkaAdmin(connectors, silentLogger);
  try {
    const wanted = topics.map((topic) => ({ topic, partitions }));
    await admin.createTopics(wanted, AbortSignal.any([signal, AbortSignal.timeout(60_000)]), true);
  } finally {
    await admin.close();
  }
};
