import type { ConnectorSettings } from '../connector/connector-settings.ts';
import { configurationFromWire } from './configuration-wire.ts';
import { CONNECTOR_OPTIONS } from './connector-options.ts';
import { OPTIONS } from './options.ts';
import type { Configuration } from './options.ts';

/** One place that says something about keys, for messages: `nerve.yaml`, `environment`, `-D`. */
export interface ConfigurationLayer {
  readonly origin: string;
  readonly values: Readonly<Record<string, string>>;
}

export type ConfigurationResult =
  | { readonly kind: 'configuration'; readonly configuration: Configuration; readonly connectors: ConnectorSettings }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Keys by the variable that sets them. */
const KEY_OF_VARIABLE = new Map(
  [...Object.keys(OPTIONS), ...Object.keys(CONNECTOR_OPTIONS)].map((key) => [variableOf(key), key]),
);

/** Reads layers, later ones winning. Reports every problem at once, each with key, origin and what was expected. */
export function parseConfiguration(layers: readonly ConfigurationLayer[]): ConfigurationResult {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  const connectors = new Map<string, string>();
  for (const [key, option] of Object.entries(OPTIONS)) {
    values[key] = option.defaultValue;
  }
  for (const { origin, values: texts } of layers) {
    for (const [key, text] of Object.entries(texts)) {
      if (Object.hasOwn(CONNECTOR_OPTIONS, key)) {
        connectors.set(key, text);
        continue;
      }
      const option = optionOf(key);
      const value = option?.parse(text);
      if (option === undefined) {
        problems.push(`${origin}: unknown key "${key}"${suggestion(key)}`);
      } else if (value === undefined) {
        problems.push(`${origin}: ${key} must be ${option.expects}, got "${text}"`);
      }
      values[key] = value;
    }
  }
  if (problems.length > 0) {
    return { kind: 'invalid', problems };
  }
  const configuration = configurationFromWire(values);
  const conflicts = crossChecks(configuration);
  return conflicts.length > 0
    ? { kind: 'invalid', problems: conflicts }
    : { kind: 'configuration', configuration, connectors };
}

/** The environment as a layer: `NERVE_PARALLELISM_DEFAULT` is `parallelism.default`; dots, hyphens and case fold. */
export function environmentLayer(environment: Readonly<Record<string, string | undefined>>): ConfigurationLayer {
  const values: Record<string, string> = {};
  for (const [variable, text] of Object.entries(environment)) {
    const key = KEY_OF_VARIABLE.get(variable);
    if (text !== undefined && key !== undefined) {
      values[key] = text;
    }
  }
  return { origin: 'environment', values };
}

/** `taskmanager.numberOfTaskSlots` → `NERVE_TASKMANAGER_NUMBEROFTASKSLOTS` */
export function variableOf(key: string): string {
  return `NERVE_${key.replaceAll(/[.-]/g, '_').toUpperCase()}`;
}

function optionOf(key: string): (typeof OPTIONS)[keyof typeof OPTIONS] | undefined {
  const entry = Object.entries(OPTIONS).find(([name]) => name === key);
  return entry?.[1];
}

function crossChecks(configuration: Configuration): readonly string[] {
  const problems: string[] = [];
  if (configuration['parallelism.default'] > configuration['pipeline.max-parallelism']) {
    problems.push(
      'parallelism.default is greater than pipeline.max-parallelism: raise the maximum or lower the default',
    );
  }
  if (configuration['heartbeat.timeout'] < 2 * configuration['heartbeat.interval']) {
    problems.push(
      'heartbeat.timeout must be at least twice heartbeat.interval, else one late heartbeat loses a task manager',
    );
  }
  return problems;
}

function suggestion(key: string): string {
  const folded = key.toLowerCase().replaceAll(/[^a-z]/g, '');
  const near = [...Object.keys(OPTIONS), ...Object.keys(CONNECTOR_OPTIONS)].find((known) => {
    const plain = known.toLowerCase().replaceAll(/[^a-z]/g, '');
    return plain.startsWith(folded) || plain.endsWith(folded) || folded.endsWith(plain);
  });
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
