import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationFileLayer } from './node-configuration.ts';
import { OPTIONS } from './options.ts';
import { environmentLayer, parseConfiguration, variableOf } from './parse-configuration.ts';
import type { ConfigurationResult } from './parse-configuration.ts';

describe('configuration', () => {
  test('is the defaults when nothing is said', () => {
    const { configuration } = accepted(parseConfiguration([]));

    expect(configuration['parallelism.default']).toBe(1);
    expect(configuration['heartbeat.timeout']).toBe(8_000);
    expect(configuration['coordinator.rpc.addresses']).toStrictEqual(['127.0.0.1:6123']);
    expect(configuration['metrics.port']).toBeUndefined();
  });

  test('a later layer wins', () => {
    const { configuration } = accepted(
      parseConfiguration([
        { origin: 'nerve.yaml', values: { 'parallelism.default': '2', 'heartbeat.interval': '500 ms' } },
        environmentLayer({ NERVE_PARALLELISM_DEFAULT: '3', PATH: '/bin' }),
      ]),
    );

    expect(configuration['parallelism.default']).toBe(3);
    expect(configuration['heartbeat.interval']).toBe(500);
  });

  test('tells every problem at once, with key, origin and what was expected', () => {
    const result = parseConfiguration([
      { origin: 'nerve.yaml', values: { 'parallelism.default': 'two', numberOfTaskSlots: '2' } },
      { origin: '-D', values: { 'restart-strategy.type': 'always', 'heartbeat.timeout': '8' } },
    ]);

    expect(result).toStrictEqual({
      kind: 'invalid',
      problems: [
        'nerve.yaml: parallelism.default must be a whole number from 1 to 32768, got "two"',
        'nerve.yaml: unknown key "numberOfTaskSlots"; did you mean "taskmanager.numberOfTaskSlots"?',
        '-D: restart-strategy.type must be one of exponential-delay, none, got "always"',
        '-D: heartbeat.timeout must be a duration such as 500 ms, 10 s or 5 min, got "8"',
      ],
    });
  });

  test('hands known keys to connectors, and refuses misspelt ones', () => {
    const good = parseConfiguration([environmentLayer({ NERVE_KAFKA_SSL_CA_PATH: '/ca.pem', NERVE_KAFKA_PORT: '1' })]);
    const bad = parseConfiguration([{ origin: '-D', values: { 'kafka.bootstrap.server': 'a:1', 'kafka.acks': '1' } }]);

    expect([...accepted(good).connectors]).toStrictEqual([['kafka.ssl.ca.path', '/ca.pem']]);
    expect(bad).toStrictEqual({
      kind: 'invalid',
      problems: [
        '-D: unknown key "kafka.bootstrap.server"; did you mean "kafka.bootstrap.servers"?',
        '-D: unknown key "kafka.acks"',
      ],
    });
  });

  test('refuses values that are legal alone and wrong together', () => {
    const result = parseConfiguration([
      {
        origin: '-D',
        values: { 'parallelism.default': '9', 'pipeline.max-parallelism': '8', 'heartbeat.timeout': '1 s' },
      },
    ]);

    expect(result).toStrictEqual({
      kind: 'invalid',
      problems: [
        'parallelism.default is greater than pipeline.max-parallelism: raise the maximum or lower the default',
        'heartbeat.timeout must be at least twice heartbeat.interval, else one late heartbeat loses a task manager',
      ],
    });
  });

  test('hands keys of connectors on as they are', () => {
    const { connectors } = accepted(parseConfiguration([environmentLayer({ NERVE_KAFKA_BOOTSTRAP_SERVERS: 'a:1' })]));

    expect(connectors.get('kafka.bootstrap.servers')).toBe('a:1');
  });

  test('every default is a legal value of its own option', () => {
    for (const [key, option] of Object.entries(OPTIONS)) {
      expect([key, option.defaultText === undefined ? undefined : option.parse(option.defaultText)]).toStrictEqual([
        key,
        option.defaultValue,
      ]);
      expect(variableOf(key)).toMatch(/^NERVE_[A-Z0-9_]+$/);
    }
  });

  test('a file may be flat or nested', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nerve-config-'));
    writeFileSync(
      join(folder, 'nerve.yaml'),
      'parallelism.default: 4\ntaskmanager:\n  numberOfTaskSlots: 2\ncoordinator.rpc.addresses: [a:1, b:2]\n',
    );

    const layer = configurationFileLayer(join(folder, 'nerve.yaml'));
    rmSync(folder, { recursive: true });

    expect(layer.values).toStrictEqual({
      'parallelism.default': '4',
      'taskmanager.numberOfTaskSlots': '2',
      'coordinator.rpc.addresses': 'a:1,b:2',
    });
  });

  test('a file that is not there is named', () => {
    expect(() => configurationFileLayer('/nowhere/nerve.yaml')).toThrow('/nowhere/nerve.yaml cannot be read');
  });
});

function accepted(result: ConfigurationResult): Extract<ConfigurationResult, { kind: 'configuration' }> {
  expect(result.kind).toBe('configuration');
  return result as Extract<ConfigurationResult, { kind: 'configuration' }>;
}
