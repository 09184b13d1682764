import { expect, test } from 'vitest';
import type { Configuration } from '../shared/config/options.ts';
import { parseConfiguration } from '../shared/config/parse-configuration.ts';
import { FLINK_EXPONENTIAL_DELAY } from './recovery/restart-policy.ts';
import { findSettingsProblems, kernelSettings } from './settings.ts';

test("without configuration restarts follow Flink's defaults", () => {
  expect(settingsOf({}).restart).toStrictEqual({ ...FLINK_EXPONENTIAL_DELAY, attemptsMax: 2_147_483_647 });
});

test('restarts can be switched off', () => {
  expect(settingsOf({ 'restart-strategy.type': 'none' }).restart).toStrictEqual({ kind: 'none' });
});

test('several coordinators need a lease in bounds, an address that can be dialled and checkpoints that all can reach', () => {
  const wrong = {
    'high-availability.type': 'etcd',
    'high-availability.lease': '1 s',
    'coordinator.rpc.host': '0.0.0.0',
  };
  const right = {
    'high-availability.type': 'etcd',
    'coordinator.rpc.host': '0.0.0.0',
    'coordinator.rpc.advertised-host': '10.0.0.5',
    'state.checkpoints.dir': 's3://bucket/prefix',
  };

  expect(findSettingsProblems(configurationOf(wrong))).toStrictEqual([
    'high-availability.lease is 1000 ms: it must be 2 s to 60 s',
    'coordinator.rpc.host is 0.0.0.0, which nobody can dial: set coordinator.rpc.advertised-host',
    'high-availability.type etcd needs a state.checkpoints.dir that all processes can reach',
  ]);
  expect(findSettingsProblems(configurationOf(right))).toStrictEqual([]);
  expect(findSettingsProblems(configurationOf({ 'high-availability.lease': '1 s' }))).toStrictEqual([]);
});

function settingsOf(values: Readonly<Record<string, string>>): ReturnType<typeof kernelSettings> {
  return kernelSettings(configurationOf(values));
}

function configurationOf(values: Readonly<Record<string, string>>): Configuration {
  const parsed = parseConfiguration([{ origin: 'test', values }]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  return parsed.configuration;
}
