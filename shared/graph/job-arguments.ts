import { unreachable } from '../invariant.ts';

/**
 * What a job may be told at submit: `nerve submit job.ts -- --input-topic hl7.raw`. Declared with the job, checked before
 * anything starts, every problem at once.
 */
export type ArgumentDeclaration =
  | { readonly type: 'string'; readonly description: string; readonly default?: string }
  | { readonly type: 'number'; readonly description: string; readonly default?: number }
  | { readonly type: 'boolean'; readonly description: string; readonly default?: boolean }
  | { readonly type: 'choice'; readonly of: readonly string[]; readonly description: string; readonly default?: string }
  /** The command line takes a path; the job gets the file's text, since its build runs in every process. */
  | { readonly type: 'file'; readonly description: string };

export type ArgumentDeclarations = Readonly<Record<string, ArgumentDeclaration>>;

type ValueOf<D extends ArgumentDeclaration> = D['type'] extends 'number'
  ? number
  : D['type'] extends 'boolean'
    ? boolean
    : string;

type IsGiven<D> = D extends { readonly default: unknown } ? true : false;

/** An argument without a default may be absent. */
export type JobArguments<A extends ArgumentDeclarations> = {
  readonly [K in keyof A]: IsGiven<A[K]> extends true ? ValueOf<A[K]> : ValueOf<A[K]> | undefined;
};

/** As text, by name: how arguments travel from the command line to every process. */
export type RawArguments = Readonly<Record<string, string>>;

export type ParsedArguments =
  | { readonly kind: 'parsed'; readonly values: Readonly<Record<string, string | number | boolean | undefined>> }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Names are camelCase in code and kebab-case on the command line: `inputTopic`, `--input-topic`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function parseArguments(declared: ArgumentDeclarations, raw: RawArguments): ParsedArguments {
  const problems: string[] = [];
  const values: Record<string, string | number | boolean | undefined> = {};
  for (const name of Object.keys(raw)) {
    if (!(name in declared)) {
      problems.push(
        `unknown argument ${flagOf(name)}; the job knows ${Object.keys(declared).map(flagOf).join(' ') || 'none'}`,
      );
    }
  }
  for (const [name, declaration] of Object.entries(declared)) {
    const text = raw[name];
    if (text === undefined) {
      values[name] = declaration.type === 'file' ? undefined : declaration.default;
      continue;
    }
    const value = parseValue(declaration, text);
    if (value === undefined) {
      problems.push(`${flagOf(name)} must be ${expected(declaration)}, got "${text}"`);
    }
    values[name] = value;
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'parsed', values };
}

function parseValue(declaration: ArgumentDeclaration, text: string): string | number | boolean | undefined {
  switch (declaration.type) {
    case 'string':
    case 'file':
      return text;
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'choice':
      return declaration.of.includes(text) ? text : undefined;
    default:
      return unreachable(declaration);
  }
}

function expected(declaration: ArgumentDeclaration): string {
  switch (declaration.type) {
    case 'string':
      return 'text';
    case 'file':
      return 'a file';
    case 'number':
      return 'a number';
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${declaration.of.join(', ')}`;
    default:
      return unreachable(declaration);
  }
}
