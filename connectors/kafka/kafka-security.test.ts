import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { StreamError } from '../../shared/failure/failure.ts';
import { endpointOf } from './kafka-security.ts';

const servers: [string, string] = ['kafka.bootstrap.servers', 'a:1,b:2'];

function failureOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof StreamError ? error.failure : error;
  }
}

test('brokers of the job come before those of the process', () => {
  expect(endpointOf(['c:3'], {}, new Map([servers])).brokers).toStrictEqual(['c:3']);
  expect(endpointOf(undefined, {}, new Map([servers])).brokers).toStrictEqual(['a:1', 'b:2']);
});

test('without a login or certificates there is neither SASL nor TLS', () => {
  expect(endpointOf(undefined, {}, new Map([servers]))).toMatchObject({ ssl: undefined, sasl: undefined });
});

describe('SASL', () => {
  test('the mechanism may be the job’s and the password the process’s', () => {
    const settings = new Map([servers, ['kafka.sasl.password', 'p'] as [string, string]]);
    const { sasl } = endpointOf(undefined, { sasl: { mechanism: 'scram-sha-512', username: 'u' } }, settings);

    expect(sasl).toStrictEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'p' });
  });

  test('what is missing is named', () => {
    const settings = new Map([servers, ['kafka.sasl.mechanism', 'PLAIN'] as [string, string]]);

    expect(failureOf(() => endpointOf(undefined, {}, settings))).toMatchObject({
      code: 'kafka-configuration',
      remedy: 'Set kafka.sasl.username and kafka.sasl.password.',
    });
  });

  test('a mechanism that does not exist is named', () => {
    const settings = new Map([
      servers,
      ...Object.entries({
        'kafka.sasl.mechanism': 'magic',
        'kafka.sasl.username': 'u',
        'kafka.sasl.password': 'secret-word',
      }),
    ]);
    const failure = failureOf(() => endpointOf(undefined, {}, settings));

    expect(failure).toMatchObject({ message: 'Kafka: kafka.sasl.mechanism "magic" is unknown.' });
    expect(JSON.stringify(failure)).not.toContain('secret-word');
  });
});

describe('TLS', () => {
  test('the files are read where the connector runs', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'nerve-tls-'));
    const caPath = path.join(directory, 'ca.pem');
    writeFileSync(caPath, 'CERTIFICATE');

    expect(endpointOf(undefined, { tls: { caPath, serverName: 'kafka' } }, new Map([servers])).ssl).toStrictEqual({
      ca: 'CERTIFICATE',
      servername: 'kafka',
    });
    expect(endpointOf(undefined, {}, new Map([servers, ['kafka.ssl.enabled', 'true']])).ssl).toStrictEqual({});
  });

  test('a file that cannot be read is named', () => {
    const failure = failureOf(() => endpointOf(undefined, { tls: { caPath: 'nowhere.pem' } }, new Map([servers])));

    expect(failure).toMatchObject({ code: 'kafka-configuration', reaction: 'fail-job' });
    expect(JSON.stringify(failure)).toContain('nowhere.pem');
  });
});
