import type { Hl7Problem } from '../message/problem.ts';
import type { Route } from '../route/route-of.ts';
import { recordSchema, schemaRoutes, type JsonSchema } from '../schemas/record-schema.ts';
import { nothingFound, type CheckResult } from './check-syntax.ts';
import { compileSchema, type SchemaCheck } from './compile-schema.ts';

/** The compiled schema of every output topic: what a record must conform to right before it leaves. */
export interface Contracts {
  readonly checks: Readonly<Record<Route, SchemaCheck>>;
}

export type ContractsResult =
  | { readonly kind: 'contracts'; readonly contracts: Contracts }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Compiles the topics' schemas once. `replaced` gives the schema of a route that a user has changed (or looked up in a registry). */
export function compileContracts(replaced: Partial<Record<Route, JsonSchema>> = {}): ContractsResult {
  const problems: string[] = [];
  const checkOf = (route: Route): SchemaCheck => {
    const compiled = compileSchema(replaced[route] ?? recordSchema(route));
    if (compiled.kind === 'compiled') {
      return compiled.check;
    }
    problems.push(`Topic ${route}: ${compiled.problem}`);
    return acceptsNothing;
  };
  const [adt, oru, orm, dft, mdm, other] = schemaRoutes.map(checkOf);
  if (problems.length > 0 || !adt || !oru || !orm || !dft || !mdm || !other) {
    return { kind: 'invalid', problems };
  }
  return { kind: 'contracts', contracts: { checks: { adt, oru, orm, dft, mdm, other } } };
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

const acceptsNothing: SchemaCheck = {
  findViolations: () => [{ pointer: '/', rule: 'schema', sentence: 'The schema of this topic does not compile.' }],
};
