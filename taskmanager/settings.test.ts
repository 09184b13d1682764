import { expect, test } from 'vitest';
import type { Configuration } from '../shared/config/options.ts';
import { parseConfiguration } from '../shared/config/parse-configuration.ts';
import { findSettingsProblems } from './settings.ts';

test('a data plane that listens on every address must say under which one others reach it', () => {
  expect(problemsOf({})).toStrictEqual([]);
  expect(problemsOf({ 'taskmanager.host': '10.0.0.7' })).toStrictEqual([]);
  expect(problemsOf({ 'taskmanager.host': '0.0.0.0' })).toStrictEqual([
    'taskmanager.host is 0.0.0.0, which nobody can dial: set taskmanager.advertised-host',
  ]);
  expect(problemsOf({ 'taskmanager.host': '0.0.0.0', 'taskmanager.advertised-host': '10.0.0.7' })).toStrictEqual([]);
  expect(problemsOf({ 'taskmanager.host': '0.0.0.0', 'taskmanager.advertised-host': '::' })).toStrictEqual([
    'taskmanager.advertised-host is ::, which nobody can dial: name the host that others reach',
  ]);
});

test('a port is advertised only for one that is fixed, and never as 0', () => {
  const port = 'taskmanager.data.advertised-port';

  expect(problemsOf({ [port]: '30121', 'taskmanager.data.port': '6121' })).toStrictEqual([]);
  expect(problemsOf({ [port]: '30121' })).toStrictEqual([
    'taskmanager.data.advertised-port is 30121, but taskmanager.data.port is 0, any free one: nothing can pass on to it; set both',
  ]);
  expect(problemsOf({ [port]: '0', 'taskmanager.data.port': '6121' })).toStrictEqual([
    'taskmanager.data.advertised-port is 0, which nobody can dial: leave it out, or name the port that others reach',
  ]);
});

function problemsOf(values: Readonly<Record<string, string>>): readonly string[] {
  return findSettingsProblems(configurationOf(values));
}

function configurationOf(values: Readonly<Record<string, string>>): Configuration {
  const parsed = parseConfiguration([{ origin: 'test', values }]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  return parsed.configuration;
}
