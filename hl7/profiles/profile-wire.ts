// An HL7 profile as it stands in its file: checked against hl7/schemas/profile.schema.json, then cast here.
import schema from '../schemas/profile.schema.json' with { type: 'json' };
import { compileSchema } from '../validate/compile-schema.ts';

/** Everything named must fit; what is not named fits anything. */
export interface ProfileCondition {
  readonly messageTypes?: readonly string[];
  readonly triggers?: readonly string[];
  readonly versions?: readonly string[];
  readonly profileIds?: readonly string[];
}

/** A kind of rule that the HL7 definitions of the message's version give. */
export type StandardRule = 'segments' | 'fields' | 'repetitions' | 'lengths' | 'tables';

export interface FieldRule {
  readonly usage?: 'required' | 'optional' | 'forbidden';
  readonly repetitionsMax?: number;
  readonly lengthMax?: number;
  readonly table?: number;
  readonly values?: readonly string[];
}

export interface ProfileRule {
  readonly when?: ProfileCondition;
  readonly standard?: readonly StandardRule[];
  readonly segments?: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
  readonly fields?: Readonly<Record<string, FieldRule>>;
}

export interface Hl7Profile {
  readonly name: string;
  readonly version: string;
  readonly appliesTo?: ProfileCondition;
  readonly rules: readonly ProfileRule[];
}

export type ProfileResult =
  | { readonly kind: 'profile'; readonly profile: Hl7Profile }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Checks a profile's JSON: every problem, each with the place where it stands. */
export function parseProfile(json: unknown): ProfileResult {
  const compiled = compileSchema(schema, { everyProblem: true });
  if (compiled.kind === 'invalid') {
    return { kind: 'invalid', problems: [compiled.problem] };
  }
  const violations = compiled.check.findViolations(json);
  return violations === undefined
    ? { kind: 'profile', profile: json as Hl7Profile }
    : { kind: 'invalid', problems: [...new Set(violations.map((violation) => violation.sentence))] };
}
