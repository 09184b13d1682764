// The facility registry as it stands in its file: checked against hl7/schemas/facility-registry.schema.json, then cast here.
import type { DuplicatePolicy } from '../duplicates/duplicate-policy.ts';
import schema from '../schemas/facility-registry.schema.json' with { type: 'json' };
import { compileSchema } from '../validate/compile-schema.ts';
import type { ValidationModes } from '../validate/validation-modes.ts';
import type { FacilityMatch, UnknownFacilityAction } from './facility-registry.ts';

export interface SettingsWire {
  readonly zone?: string;
  readonly charset?: string;
  readonly profile?: string;
  readonly authorities?: readonly string[];
  readonly key?: {
    readonly types?: readonly string[];
    readonly excludedTypes?: readonly string[];
    readonly authoritiesOnly?: boolean;
    readonly defaultAuthority?: string;
  };
  readonly validation?: Partial<ValidationModes>;
  readonly duplicates?: DuplicatePolicy;
}

export interface FacilityWire extends SettingsWire {
  readonly id: string;
  readonly match: readonly FacilityMatch[];
  readonly sourceSystem?: string;
}

export interface RegistryWire {
  readonly defaults?: SettingsWire;
  readonly unknownFacility?: { readonly facilityId?: string; readonly action?: UnknownFacilityAction };
  readonly facilities: readonly FacilityWire[];
}

export type RegistryWireResult =
  | { readonly kind: 'wire'; readonly wire: RegistryWire }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Checks the shape of the file's JSON: every problem, each with the place where it stands. */
export function parseRegistryWire(json: unknown): RegistryWireResult {
  const compiled = compileSchema(schema, { everyProblem: true });
  if (compiled.kind === 'invalid') {
    return { kind: 'invalid', problems: [compiled.problem] };
  }
  const violations = compiled.check.findViolations(json);
  return violations === undefined
    ? { kind: 'wire', wire: json as RegistryWire }
    : { kind: 'invalid', problems: [...new Set(violations.map((violation) => violation.sentence))] };
}
