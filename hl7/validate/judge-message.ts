// One message's way from bytes to a verdict, in the order of its stages: parse, validate (syntax, profile), key. Invariants:
// I1 Every input gives a verdict; nothing throws, and a verdict never depends on what came before.
// I2 The first stage that refuses decides; warnings of the stages passed are kept.
import type { FacilityLookup, FacilityRegistry, FacilitySettings } from '../facility/facility-registry.ts';
import type { Hl7Message } from '../message/hl7-message.ts';
import { parseMessage, type ParseOptions, type ParseResult } from '../message/parse-message.ts';
import type { Hl7Problem, Hl7Warning, ProblemCode, WarningCode } from '../message/problem.ts';
import { patientKey } from '../patient/patient-key.ts';
import type { ProfileSet } from '../profiles/profile-set.ts';
import { needsPatient, routeOf, type Route } from '../route/route-of.ts';
import { checkProfile } from './check-profile.ts';
import { checkSyntax, type CheckResult } from './check-syntax.ts';
import type { ValidationMode, ValidationModes } from './validation-modes.ts';

/** What messages are judged by. */
export interface JudgePolicy {
  readonly facilities: FacilityRegistry;
  /** Undefined: no profile check, whatever the facilities say. */
  readonly profiles?: ProfileSet | undefined;
  readonly parse?: ParseOptions | undefined;
  /** What overrules the modes of every sender: a switch of the operator's. */
  readonly modes?: Partial<ValidationModes> | undefined;
}

export type Verdict =
  | {
      readonly kind: 'accepted';
      readonly message: Hl7Message;
      readonly settings: FacilitySettings;
      readonly route: Route;
      /** Undefined only on the route `other`. */
      readonly key: string | undefined;
      readonly warnings: readonly Hl7Warning[];
    }
  | {
      readonly kind: 'rejected';
      readonly problem: Hl7Problem;
      /** The message, when it could be parsed. */
      readonly message: Hl7Message | undefined;
      readonly warnings: readonly Hl7Warning[];
    };

export function judgeMessage(bytes: Uint8Array, policy: JudgePolicy): Verdict {
  const parsed = parseFromSender(bytes, policy);
  if (parsed.kind === 'malformed') {
    return { kind: 'rejected', problem: parsed.problem, message: undefined, warnings: parsed.warnings };
  }
  const { message, warnings, sender } = parsed;
  const problem = validateMessage(message, sender, policy, warnings);
  if (problem !== undefined) {
    return { kind: 'rejected', problem, message, warnings };
  }
  const keyed = chooseKey(message, sender.settings, warnings);
  return keyed.kind === 'no-patient'
    ? { kind: 'rejected', problem: keyed.problem, message, warnings }
    : { kind: 'accepted', message, settings: sender.settings, route: keyed.route, key: keyed.key, warnings };
}

/** A message, and who sent it. The stages that follow add their warnings to `warnings`. */
export type ParsedFromSender =
  | {
      readonly kind: 'parsed';
      readonly message: Hl7Message;
      readonly warnings: Hl7Warning[];
      readonly sender: FacilityLookup;
    }
  | { readonly kind: 'malformed'; readonly problem: Hl7Problem; readonly warnings: readonly Hl7Warning[] };

/** Stage parse: in the character set of the message's sender where the message declares none. */
export function parseFromSender(
  bytes: Uint8Array,
  policy: Pick<JudgePolicy, 'facilities' | 'parse'>,
): ParsedFromSender {
  const first = parseMessage(bytes, policy.parse);
  if (first.kind === 'malformed') {
    return first;
  }
  const sender = policy.facilities.findFor(first.message);
  const parsed = reparseInCharset(first, bytes, sender.settings, policy.parse);
  return parsed.kind === 'malformed'
    ? parsed
    : { kind: 'parsed', message: parsed.message, warnings: [...parsed.warnings], sender };
}

/** Stage validate: an unknown sender, the syntax, the profile. The problem that refuses the message, if any. */
export function validateMessage(
  message: Hl7Message,
  sender: FacilityLookup,
  policy: Pick<JudgePolicy, 'profiles' | 'modes'>,
  warnings: Hl7Warning[],
): Hl7Problem | undefined {
  const { settings } = sender;
  const syntax = policy.modes?.syntax ?? settings.validation.syntax;
  const profile = policy.modes?.profile ?? settings.validation.profile;
  return (
    unknownFacilityProblem(message, sender, warnings) ??
    applyMode(syntax, () => checkSyntax(message), warnings) ??
    applyMode(profile, () => checkChosenProfile(message, settings, policy.profiles), warnings)
  );
}

export type ChosenKey =
  | {
      readonly kind: 'accepted';
      readonly route: Route;
      /** Undefined only on the route `other`. */
      readonly key: string | undefined;
    }
  | { readonly kind: 'no-patient'; readonly problem: Hl7Problem };

/** Stage key: where the message goes, and whose it is. */
export function chooseKey(message: Hl7Message, settings: FacilitySettings, warnings: Hl7Warning[]): ChosenKey {
  const route = routeOf(message.value(0, 9, 1, 1));
  const key = patientKey(message, settings.key);
  if (key.kind === 'no-patient') {
    return needsPatient(route)
      ? { kind: 'no-patient', problem: noPatient(message, key.reason) }
      : { kind: 'accepted', route, key: undefined };
  }
  if (key.from === 'PID-2') {
    const sentence = 'PID-3 has no identifier: the patient was keyed by PID-2.';
    warnings.push({ code: 'W_KEY_FROM_PID2', position: fieldPosition(message, 2), sentence });
  }
  return { kind: 'accepted', route, key: key.key };
}

/** A sender that declares nothing in MSH-18 but is known to use a character set is read in that. */
function reparseInCharset(
  first: ParseResult & { kind: 'parsed' },
  bytes: Uint8Array,
  settings: FacilitySettings,
  options: ParseOptions | undefined,
): ParseResult {
  if (settings.charset === undefined || first.message.presence(0, 18) === 'value') {
    return first;
  }
  return parseMessage(bytes, { ...options, charset: { ...options?.charset, undeclared: settings.charset } });
}

function checkChosenProfile(
  message: Hl7Message,
  settings: FacilitySettings,
  profiles: ProfileSet | undefined,
): CheckResult {
  const profile = profiles?.choose(message, settings.profile);
  return profile === undefined ? { problems: [] } : checkProfile(message, profile);
}

/** The first problem when the mode is to refuse; in mode `warn` the findings become warnings, one per code. */
export function applyMode(
  mode: ValidationMode,
  check: () => CheckResult,
  warnings: Hl7Warning[],
): Hl7Problem | undefined {
  if (mode === 'off') {
    return undefined;
  }
  const { problems } = check();
  if (mode === 'dead-letter') {
    return problems[0];
  }
  for (const { code, position, sentence } of problems) {
    const warning = warningOf(code);
    if (!warnings.some((known) => known.code === warning)) {
      warnings.push({ code: warning, position, sentence });
    }
  }
  return undefined;
}

function warningOf(code: ProblemCode): WarningCode {
  switch (code) {
    case 'E_NO_CONTROL_ID':
      return 'W_NO_CONTROL_ID';
    case 'E_TRUNCATED':
      return 'W_TRUNCATED';
    case 'E_CONTRACT':
      return 'W_CONTRACT';
    default:
      return 'W_PROFILE';
  }
}

function unknownFacilityProblem(
  message: Hl7Message,
  lookup: FacilityLookup,
  warnings: Hl7Warning[],
): Hl7Problem | undefined {
  if (lookup.kind === 'known' || lookup.action === 'pass') {
    return undefined;
  }
  const position = Math.max(message.fieldPosition(0, 4), 0);
  const sentence = 'MSH-4 and MSH-3 name no sender of the facility registry: add it there.';
  if (lookup.action === 'dead-letter') {
    return { code: 'E_UNKNOWN_FACILITY', stage: 'validate', position, sentence };
  }
  warnings.push({ code: 'W_UNKNOWN_FACILITY', position, sentence });
  return undefined;
}

function noPatient(message: Hl7Message, reason: 'no-pid' | 'no-identifier'): Hl7Problem {
  const sentence =
    reason === 'no-pid'
      ? 'There is no PID segment: a message of this type must say whom it is about.'
      : 'Neither PID-3 nor PID-2 holds an identifier that may key a patient.';
  return { code: 'E_NO_PATIENT_ID', stage: 'key', position: fieldPosition(message, 3), sentence };
}

function fieldPosition(message: Hl7Message, field: number): number {
  const pid = message.findSegment('PID');
  return pid < 0 ? message.bytes.length : Math.max(message.fieldPosition(pid, field), 0);
}
