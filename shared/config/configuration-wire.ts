import type { Configuration } from './options.ts';

/** `parseConfiguration` has filled every key with a value that its option parsed; this states it to the compiler. */
export function configurationFromWire(values: Readonly<Record<string, unknown>>): Configuration {
  return values as unknown as Configuration;
}
