import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { brokerProblems } from './option-problems.ts';
import type { KafkaSecurity } from './options.ts';
import { brokerList } from './options.ts';

/**
 * Settings of the process (configuration file, `NERVE_KAFKA_…` in the environment) that fill in what a job leaves out:
 *
 *   kafka.bootstrap.servers                 host:port, several separated by commas
 *   kafka.sasl.mechanism                    plain, scram-sha-256 or scram-sha-512
 *   kafka.sasl.username, kafka.sasl.password
 *   kafka.ssl.enabled                       true: TLS with the system's certificate authorities
 *   kafka.ssl.ca.path, kafka.ssl.cert.path, kafka.ssl.key.path, kafka.ssl.server.name
 */
export interface KafkaEndpoint {
  readonly brokers: readonly string[];
  readonly ssl: ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
}

/** Puts a job's options and the process's settings together. Throws `fail-job` with everything that is missing. */
export function endpointOf(
  brokers: readonly string[] | undefined,
  security: KafkaSecurity,
  settings: ConnectorSettings,
): KafkaEndpoint {
  const found = brokers ?? brokerList(settings.get('kafka.bootstrap.servers'));
  if (found === undefined) {
    throw configuration(
      'no Kafka brokers are named',
      'Give `brokers` in the source or sink, or set kafka.bootstrap.servers (NERVE_KAFKA_BOOTSTRAP_SERVERS).',
    );
  }
  const problems = brokerProblems(found);
  if (problems.length > 0) {
    throw configuration(problems.join('; '), 'Correct kafka.bootstrap.servers.');
  }
  return { brokers: found, ssl: tlsOf(security, settings), sasl: saslOf(security, settings) };
}

function saslOf({ sasl }: KafkaSecurity, settings: ConnectorSettings): SASLOptions | undefined {
  const mechanism = sasl?.mechanism ?? settings.get('kafka.sasl.mechanism')?.toLowerCase();
  if (mechanism === undefined) {
    return undefined;
  }
  const username = sasl?.username ?? settings.get('kafka.sasl.username');
  const password = sasl?.password ?? settings.get('kafka.sasl.password');
  if (username === undefined || password === undefined) {
    const missing = [
      username === undefined ? 'kafka.sasl.username' : '',
      password === undefined ? 'kafka.sasl.password' : '',
    ];
    throw configuration(
      `SASL ${mechanism} needs a user and a password`,
      `Set ${missing.filter((name) => name !== '').join(' and ')}.`,
    );
  }
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
    default:
      throw configuration(
        `kafka.sasl.mechanism "${mechanism}" is unknown`,
        'Use plain, scram-sha-256 or scram-sha-512.',
      );
  }
}

function tlsOf({ tls }: KafkaSecurity, settings: ConnectorSettings): ConnectionOptions | undefined {
  const caPath = tls?.caPath ?? settings.get('kafka.ssl.ca.path');
  const certPath = tls?.certPath ?? settings.get('kafka.ssl.cert.path');
  const keyPath = tls?.keyPath ?? settings.get('kafka.ssl.key.path');
  const serverName = tls?.serverName ?? settings.get('kafka.ssl.server.name');
  const isOn =
    tls !== undefined || settings.get('kafka.ssl.enabled') === 'true' || caPath !== undefined || certPath !== undefined;
  if (!isOn) {
    return undefined;
  }
  return {
    ...(caPath === undefined ? {} : { ca: pem(caPath, 'the certificate authority') }),
    ...(certPath === undefined ? {} : { cert: pem(certPath, 'the client certificate') }),
    ...(keyPath === undefined ? {} : { key: pem(keyPath, 'the key of the client certificate') }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

function pem(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw configuration(
      `${what} cannot be read from ${path}`,
      'Check the path and its permissions on every node.',
      cause,
    );
  }
}

function configuration(problem: string, remedy: string, cause?: unknown): StreamError {
  return new StreamError(
    { code: 'kafka-configuration', reaction: 'fail-job', message: `Kafka: ${problem}.`, remedy },
    { cause },
  );
}
