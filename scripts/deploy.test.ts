import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { CONNECTOR_OPTIONS } from '../shared/config/connector-options.ts';
import { OPTIONS } from '../shared/config/options.ts';
import { environmentLayer, parseConfiguration, variableOf } from '../shared/config/parse-configuration.ts';

const root = join(import.meta.dirname, '..');
const manifests = readdirSync(join(root, 'deploy/kubernetes'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => join('deploy/kubernetes', file));
const known = new Set([...Object.keys(OPTIONS), ...Object.keys(CONNECTOR_OPTIONS)].map(variableOf));

describe.each([
  ['docker-compose.yml', ['docker-compose.yml']],
  ['deploy/kubernetes', manifests],
])('%s', (_, files) => {
  const documents = files.flatMap((file) => parseAllDocuments(readFileSync(join(root, file), 'utf8'), { merge: true }));
  const variables = documents.flatMap((document) => variablesIn(document.toJS()));

  test('is YAML, and sets variables', () => {
    expect(documents.flatMap(({ errors }) => errors)).toStrictEqual([]);
    expect(variables.length).toBeGreaterThan(10);
  });

  test('sets no variable that is not a configuration key', () => {
    expect(variables.map(({ name }) => name).filter((name) => !known.has(name))).toStrictEqual([]);
  });

  test('sets what the configuration takes', () => {
    const environment = Object.fromEntries(variables.map(({ name, value }) => [name, value]));

    expect(parseConfiguration([environmentLayer(environment)]).kind).toBe('configuration');
  });
});

/** `value` undefined: it comes from elsewhere, such as the status of a pod. */
interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

/** Every variable of ours, as a mapping (`NAME: value`) or as an entry of a list (`name: NAME, value: value`). */
function variablesIn(value: unknown): readonly Variable[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  if ('name' in value && typeof value.name === 'string' && value.name.startsWith('NERVE_')) {
    return [{ name: value.name, value: 'value' in value ? String(value.value) : undefined }];
  }
  return Object.entries(value).flatMap(([key, inner]: readonly [string, unknown]) =>
    key.startsWith('NERVE_') ? [{ name: key, value: String(inner) }] : variablesIn(inner),
  );
}
