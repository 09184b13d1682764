import { flagOf } from '../../shared/graph/job-arguments.ts';
import type { ArgumentDeclaration, ArgumentDeclarations, RawArguments } from '../../shared/graph/job-arguments.ts';

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
  const unknown: string[] = [];
  const problems: string[] = [];
  for (const { flag, value } of readFlags(words, (flag) => declared[byFlag.get(flag) ?? '']?.type)) {
    const name = byFlag.get(flag);
    if (name === undefined) {
      unknown.push(`"${flag}"`);
    } else if (value === undefined) {
      problems.push(`${flag} needs a value`);
    } else if (declared[name]?.type === 'file') {
      files.set(name, value);
    } else {
      args[name] = value;
    }
  }
  if (unknown.length > 0) {
    const known = [...byFlag.keys()].join(' ');
    problems.unshift(`the job does not know ${unknown.join(', ')}; it takes ${known === '' ? 'no arguments' : known}`);
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'flags', args, files };
}

interface Flag {
  readonly flag: string;
  readonly value: string | undefined;
}

/** Words as flags and values. The word behind an unknown flag is its value, unless it looks like a flag itself. */
function* readFlags(
  words: readonly string[],
  typeOf: (flag: string) => ArgumentDeclaration['type'] | undefined,
): Generator<Flag> {
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    const equals = word.indexOf('=');
    if (equals >= 0) {
      yield { flag: word.slice(0, equals), value: word.slice(equals + 1) };
      continue;
    }
    const next = words[i + 1];
    if (hasValueBehind(typeOf(word), next)) {
      i += 1;
      yield { flag: word, value: next };
    } else {
      yield { flag: word, value: typeOf(word) === 'boolean' ? 'true' : undefined };
    }
  }
}

function hasValueBehind(type: ArgumentDeclaration['type'] | undefined, next: string | undefined): boolean {
  if (type === 'boolean') {
    return next === 'true' || next === 'false';
  }
  return type === undefined ? next?.startsWith('-') === false : next !== undefined;
}
