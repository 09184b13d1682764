import { expect, test } from 'vitest';
import { parseConfiguration } from '../shared/config/parse-configuration.ts';
import { FLINK_EXPONENTIAL_DELAY } from './recovery/restart-policy.ts';
import { kernelSettings } from './settings.ts';

test("without configuration restarts follow Flink's defaults", () => {
  expect(settingsOf({}).restart).toStrictEqual({ ...FLINK_EXPONENTIAL_DELAY, attemptsMax: 2_147_483_647 });
});

test('restarts can be switched off', () => {
  expect(settingsOf({ 'restart-strategy.type': 'none' }).restart).toStrictEqual({ kind: 'none' });
});

function settingsOf(values: Readonly<Record<string, string>>): ReturnType<typeof kernelSettings> {
  const parsed = parseConfiguration([{ origin: 'test', values }]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  return kernelSettings(parsed.configuration);
}
