import { flagOf } from '../../shared/graph/job-arguments.ts';
import type { ArgumentDeclarations, RawArguments } from '../../shared/graph/job-arguments.ts';

export type JobFlags =
  | { readonly kind: 'flags'; readonly args: RawArguments; readonly files: ReadonlyMap<string, string> }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/**
 * Reads what stands behind the module on the command line as the job's arguments: `--name value`, `--name=value`, and for a
 * boolean `--name` alone. `files` are arguments whose value is a path: the caller puts the file's text in its place.
 */
export function parseJobFlags(declared: ArgumentDeclarations, words: readonly string[]): JobFlags {
  const byFlag = new Map(Object.keys(declared).map((name) => [flagOf(name), name]));
  const args: Record<string, string> = {};
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const equals = word.indexOf('=');
    const flag = equals < 0 ? word : word.slice(0, equals);
    const name = byFlag.get(flag);
    if (name === undefined) {
      const known = [...byFlag.keys()].join(' ');
      problems.push(`the job does not know "${word}"; it takes ${known === '' ? 'no arguments' : known}`);
      continue;
    }
    const isBoolean = declared[name]?.type === 'boolean';
    const next = words[i + 1];
    let value: string | undefined;
    if (equals >= 0) {
      value = word.slice(equals + 1);
    } else if (isBoolean && next !== 'true' && next !== 'false') {
      value = 'true';
    } else {
      value = next;
      i += 1;
    }
    if (value === undefined) {
      problems.push(`${flag} needs a value`);
    } else if (declared[name]?.type === 'file') {
      files.set(name, value);
    } else {
      args[name] = value;
    }
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'flags', args, files };
}
