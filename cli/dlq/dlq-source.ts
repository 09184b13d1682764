import type { Command } from 'commander';
import { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { readSettings, type CliContext, type GlobalOptions } from '../cli-context.ts';
import type { SourceOptions } from './open-dead-letters.ts';

/** The options that all three take. */
export function withSource(command: Command): Command {
  return command
    .option('--file <path>', 'dead letters of a file sink: a part file or the folder of the topic')
    .option('--topic <name>', 'dead letters of a Kafka topic')
    .option('--bootstrap <host:port>', 'Kafka brokers; default: kafka.bootstrap.servers of the configuration')
    .option('--reason <code...>', 'only these reasons, such as E_NO_PATIENT_ID')
    .option('--stage <stage...>', 'only these stages: frame, parse, validate, key, contract, quarantine');
}

/** Runs with a connection that is made when it is first needed and closed at the end. */
export async function withKafka<T>(
  cli: CliContext,
  options: GlobalOptions,
  source: SourceOptions,
  work: (connect: () => KafkaAdmin) => Promise<T>,
): Promise<T> {
  let admin: KafkaAdmin | undefined;
  const connect = (): KafkaAdmin => {
    if (admin === undefined) {
      const { connectors } = readSettings(cli, options);
      const settings = new Map(connectors);
      if (source.bootstrap !== undefined) {
        settings.set('kafka.bootstrap.servers', source.bootstrap);
      }
      admin = new KafkaAdmin(settings, silentLogger);
    }
    return admin;
  };
  try {
    return await work(connect);
  } finally {
    await admin?.close();
  }
}
