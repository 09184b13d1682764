import { isName } from '../ids.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from './quantities.ts';

/** One configuration key: how its text is read, what it is when absent, and the sentence that documents it. */
export interface Option<T> {
  /** What a value looks like, for messages and the table: `duration`, `1 to 32768`. */
  readonly expects: string;
  /** As a user would write it; undefined when the key has no default. */
  readonly defaultText: string | undefined;
  readonly defaultValue: T;
  readonly description: string;
  /** undefined when the text is no legal value. */
  parse(text: string): T | undefined;
}

export function wholeNumber(least: number, most: number, defaultValue: number, description: string): Option<number> {
  const parse = (text: string): number | undefined => {
    const value = Number(text);
    return /^\d+$/.test(text.trim()) && value >= least && value <= most ? value : undefined;
  };
  return {
    expects: `a whole number from ${least} to ${most}`,
    defaultText: String(defaultValue),
    defaultValue,
    description,
    parse,
  };
}

export function duration(defaultValue: number, description: string): Option<number> {
  return {
    expects: 'a duration such as 500 ms, 10 s or 5 min',
    defaultText: formatDuration(defaultValue),
    defaultValue,
    description,
    parse: parseDuration,
  };
}

export function size(defaultValue: number, description: string): Option<number> {
  return {
    expects: 'a size such as 32 kb or 64 mb',
    defaultText: formatSize(defaultValue),
    defaultValue,
    description,
    parse: parseSize,
  };
}

export function decimal(least: number, most: number, defaultValue: number, description: string): Option<number> {
  const parse = (text: string): number | undefined => {
    const value = Number(text);
    return text.trim() !== '' && value >= least && value <= most ? value : undefined;
  };
  return {
    expects: `a number from ${least} to ${most}`,
    defaultText: String(defaultValue),
    defaultValue,
    description,
    parse,
  };
}

export function text(defaultValue: string, description: string): Option<string> {
  return {
    expects: 'text',
    defaultText: defaultValue,
    defaultValue,
    description,
    parse: (value) => value,
  };
}

export function optionalText(description: string): Option<string | undefined> {
  return {
    expects: 'text',
    defaultText: undefined,
    defaultValue: undefined,
    description,
    parse: (value) => value,
  };
}

export function optionalName(description: string): Option<string | undefined> {
  const parse = (value: string): string | undefined => (isName(value) ? value : undefined);
  return {
    expects: '1 to 128 of [A-Za-z0-9._-]',
    defaultText: undefined,
    defaultValue: undefined,
    description,
    parse,
  };
}

export function optionalPort(description: string): Option<number | undefined> {
  return { ...wholeNumber(0, 65_535, 0, description), defaultText: undefined, defaultValue: undefined };
}

export function choice<const C extends string>(of: readonly C[], defaultValue: C, description: string): Option<C> {
  const parse = (value: string): C | undefined => of.find((candidate) => candidate === value);
  return {
    expects: `one of ${of.join(', ')}`,
    defaultText: defaultValue,
    defaultValue,
    description,
    parse,
  };
}

/** `host:port,host:port` */
export function addresses(defaultText: string, description: string): Option<readonly string[]> {
  const parse = (value: string): readonly string[] | undefined => {
    const list = value.split(',').map((part) => part.trim());
    return list.every((part) => /^[^\s:]+:\d{1,5}$/.test(part)) ? list : undefined;
  };
  return {
    expects: 'host:port, several with commas',
    defaultText,
    defaultValue: parse(defaultText) ?? [],
    description,
    parse,
  };
}
