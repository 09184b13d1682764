import type { ArgumentDeclarations, JobArguments } from './job-arguments.ts';

/** `parseArguments` has checked every value against its declaration; this states it to the compiler. */
export function argumentsFromWire<A extends ArgumentDeclarations>(
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): JobArguments<A> {
  return values as JobArguments<A>;
}
