import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { StreamError } from '../failure/failure.ts';
import type { ConfigurationLayer } from './parse-configuration.ts';

/**
 * A configuration file as a layer: YAML, flat (`parallelism.default: 2`) or nested (`parallelism: { default: 2 }`), as
 * Flink's config.yaml. Throws a StreamError that names the file when it cannot be read or is no such YAML.
 */
export function configurationFileLayer(path: string): ConfigurationLayer {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new StreamError(
      {
        code: 'configuration-unreadable',
        reaction: 'fail-job',
        message: `the configuration file ${path} cannot be read: ${error instanceof Error ? error.message : 'unknown error'}`,
        remedy: 'Give the path of a YAML file with one key per line, such as "parallelism.default: 2".',
      },
      { cause: error },
    );
  }
  return { origin: path, values: flatten(content, '') };
}

function flatten(content: unknown, prefix: string): Record<string, string> {
  if (content === null || content === undefined) {
    return {};
  }
  if (typeof content === 'string' || typeof content === 'number' || typeof content === 'boolean') {
    return { [prefix]: content.toString() };
  }
  if (Array.isArray(content)) {
    return { [prefix]: content.map(String).join(',') };
  }
  if (typeof content !== 'object') {
    return { [prefix]: typeof content };
  }
  const out: Record<string, string> = {};
  for (const [key, value] of Object.entries(content)) {
    Object.assign(out, flatten(value, prefix === '' ? key : `${prefix}.${key}`));
  }
  return out;
}
