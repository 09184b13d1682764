import type { Hl7Problem } from '../message/problem.ts';
import type { Route } from '../route/route-of.ts';
import { recordSchema, type JsonSchema } from '../schemas/record-schema.ts';
import { nothingFound, type CheckResult } from './check-syntax.ts';
import { compileSchema, type SchemaCheck } from './compile-schema.ts';

/** The compiled schema of every output topic: what a record must conform to right before it leaves. */
export interface Contracts {
  readonly checks: Readonly<Record<Route, SchemaCheck>>;
}

export type ContractsResult =
  | { readonly kind: 'contracts'; readonly contracts: Contracts }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/**
 * The topics' contracts. `replaced` gives the schema of a route that a user has changed (or looked up in a registry): compiled at
 * once, so that a mistake in it stops the job at its start. Our own schemas compile when first needed (60 ms each).
 */
export function compileContracts(replaced: Partial<Record<Route, JsonSchema>> = {}): ContractsResult {
  const problems: string[] = [];
  const checkOf = (route: Route): SchemaCheck => {
    const schema = replaced[route];
    if (schema === undefined) {
      return lazyCheck(route);
    }
    const compiled = compileSchema(schema);
    if (compiled.kind === 'compiled') {
      return compiled.check;
    }
    problems.push(`Topic ${route}: ${compiled.problem}`);
    return acceptsNothing;
  };
  const checks = {
    adt: checkOf('adt'),
    oru: checkOf('oru'),
    orm: checkOf('orm'),
    dft: checkOf('dft'),
    mdm: checkOf('mdm'),
    other: checkOf('other'),
  };
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'contracts', contracts: { checks } };
}

/** Checks the very object that is about to be encoded; nothing is copied. The sentence names places and rules, never content. */
export function checkContract(contracts: Contracts, route: Route, record: unknown): CheckResult {
  const violations = contracts.checks[route].findViolations(record);
  if (violations === undefined) {
    return nothingFound;
  }
  return {
    problems: violations.map(({ sentence }): Hl7Problem => ({
      code: 'E_CONTRACT',
      stage: 'contract',
      position: 0,
      sentence,
    })),
  };
}

function lazyCheck(route: Route): SchemaCheck {
  let check: SchemaCheck | undefined;
  return {
    findViolations(value) {
      if (check === undefined) {
        const compiled = compileSchema(recordSchema(route));
        check = compiled.kind === 'compiled' ? compiled.check : acceptsNothing;
      }
      return check.findViolations(value);
    },
  };
}

const acceptsNothing: SchemaCheck = {
  findViolations: () => [{ pointer: '/', rule: 'schema', sentence: 'The schema of this topic does not compile.' }],
};
