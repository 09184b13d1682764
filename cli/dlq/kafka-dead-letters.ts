import type { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import type { HeaderValue } from '../../shared/connector/records.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { ReplayTarget } from './replay-loop.ts';

/** The dead letters that are in a topic now, committed ones only, partition after partition as they arrive. */
export async function* readDeadLetterTopic(
  admin: KafkaAdmin,
  topic: string,
  signal: AbortSignal,
): AsyncGenerator<DeadLetter> {
  for await (const record of admin.read({ topic, isolation: 'read_committed' }, signal)) {
    yield {
      place: `${topic}-${record.position.partition}@${record.position.offset}`,
      topic,
      key: record.key?.toString('utf8'),
      headers: Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, textOf(value)])),
      // The reader's buffers are reused; a letter may be kept until its turn comes.
      value: Buffer.from(record.value),
    };
  }
}

/** Sends to an input topic. A batch is acknowledged by all replicas, or the send fails. */
export function kafkaReplayTarget(admin: KafkaAdmin, topic: string): ReplayTarget {
  return {
    name: `topic ${topic}`,
    async send(messages, signal) {
      const records = messages.map(({ key, value, headers }) => ({ topic, key, value, headers }));
      await admin.produce(records, signal);
    },
  };
}

function textOf(value: HeaderValue): string {
  return typeof value === 'string' ? value : value.toString('latin1');
}
