// The patient key decides which patient's state a message changes. Invariants:
// I1 Two different (authority, id) pairs never give the same key: a separator inside a part is escaped.
// I2 A social security number is never a key, whatever the rules say.
// I3 The HL7 null ("") and blank identifiers are no identifiers.
// I4 The choice depends on the message and the rules only: replaying a message gives the same key.
import type { Hl7Message } from '../message/hl7-message.ts';

/** How a facility names its patients. Every list is in order of preference. */
export interface PatientKeyRules {
  /** Identifier types (PID-3.5, HL7 table 0203) tried in this order before any other identifier. */
  readonly types: readonly string[];
  /** If not empty: an identifier of one of these authorities (PID-3.4.1) is preferred, in this order, before all others. */
  readonly authorities: readonly string[];
  /** The authority of an identifier that names none (PID-3.4.1 empty). Undefined leaves it empty, as in `|4711`. */
  readonly defaultAuthority?: string | undefined;
  /** Identifier types that are never used, beside SS (always excluded). */
  readonly excludedTypes: readonly string[];
  /** Whether only identifiers of `authorities` count. False: others are used when none of those is there. */
  readonly authoritiesOnly: boolean;
}

export const defaultPatientKeyRules: PatientKeyRules = {
  types: ['MR'],
  authorities: [],
  excludedTypes: [],
  authoritiesOnly: false,
};

export type PatientKeySource = 'PID-3-MR' | 'PID-3' | 'PID-2';

export type PatientKeyResult =
  | { readonly kind: 'key'; readonly key: string; readonly from: PatientKeySource }
  | { readonly kind: 'no-patient'; readonly reason: 'no-pid' | 'no-identifier' };

const PID_2 = 2;
const PID_3 = 3;
/** HL7 table 0203: social security number, in the two spellings senders use. */
const SOCIAL_SECURITY_TYPES: readonly string[] = ['SS', 'SSN'];

/**
 * The patient key `authority|id` of a message: the first PID-3 repetition of a preferred type (MR), else the first with an
 * identifier, else PID-2 (the external identifier of old versions).
 */
export function patientKey(message: Hl7Message, rules: PatientKeyRules = defaultPatientKeyRules): PatientKeyResult {
  const pid = message.findSegment('PID');
  if (pid < 0) {
    return { kind: 'no-patient', reason: 'no-pid' };
  }
  return (
    identifierKey(message, pid, PID_3, rules) ??
    fallbackKey(message, pid, rules) ?? { kind: 'no-patient', reason: 'no-identifier' }
  );
}

/**
 * The key that a field of identifiers (CX: PID-3, MRG-1) gives by the same rules, or undefined. The merge of an A40 takes the
 * prior key from MRG-1 with it.
 */
export function identifierKey(
  message: Hl7Message,
  segment: number,
  field: number,
  rules: PatientKeyRules = defaultPatientKeyRules,
): Extract<PatientKeyResult, { kind: 'key' }> | undefined {
  const repetitions = message.repetitionCount(segment, field);
  let best: { rank: number; key: string; preferredType: boolean } | undefined;
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    const id = identifierOf(message, segment, field, repetition);
    if (id === undefined) {
      continue;
    }
    const type = message.value(segment, field, repetition, 5);
    const authority = message.value(segment, field, repetition, 4) ?? rules.defaultAuthority ?? '';
    const rank = rankOf(type, authority, rules);
    if (rank !== undefined && (best === undefined || rank < best.rank)) {
      const preferredType = type !== undefined && rules.types.includes(type);
      best = { rank, key: keyOf(authority, id), preferredType };
      if (rank === 0) {
        break;
      }
    }
  }
  return best === undefined
    ? undefined
    : { kind: 'key', key: best.key, from: best.preferredType ? 'PID-3-MR' : 'PID-3' };
}

/** The key of an authority and an identifier. Injective (I1): `|` and `\` inside a part are written as HL7 escapes them. */
export function keyOf(authority: string, id: string): string {
  return `${escapePart(authority)}|${escapePart(id)}`;
}

function fallbackKey(message: Hl7Message, pid: number, rules: PatientKeyRules): PatientKeyResult | undefined {
  const id = identifierOf(message, pid, PID_2, 1);
  if (id === undefined || isExcluded(message.value(pid, PID_2, 1, 5), rules)) {
    return undefined;
  }
  const authority = message.value(pid, PID_2, 1, 4) ?? rules.defaultAuthority ?? '';
  if (rules.authoritiesOnly && !rules.authorities.includes(authority)) {
    return undefined;
  }
  return { kind: 'key', key: keyOf(authority, id), from: 'PID-2' };
}

function identifierOf(message: Hl7Message, segment: number, field: number, repetition: number): string | undefined {
  const id = message.value(segment, field, repetition, 1);
  return id === undefined || id.trim() === '' ? undefined : id;
}

/** Lower is better; authority weighs more than type, so that a foreign medical record number never beats our own. */
function rankOf(type: string | undefined, authority: string, rules: PatientKeyRules): number | undefined {
  if (isExcluded(type, rules)) {
    return undefined;
  }
  const authorityRank = rules.authorities.length === 0 ? 0 : rules.authorities.indexOf(authority);
  if (authorityRank < 0 && rules.authoritiesOnly) {
    return undefined;
  }
  const typeRank = type === undefined ? -1 : rules.types.indexOf(type);
  const types = rules.types.length;
  return (
    (authorityRank < 0 ? rules.authorities.length : authorityRank) * (types + 1) + (typeRank < 0 ? types : typeRank)
  );
}

function isExcluded(type: string | undefined, rules: PatientKeyRules): boolean {
  return (
    type !== undefined && (SOCIAL_SECURITY_TYPES.includes(type.toUpperCase()) || rules.excludedTypes.includes(type))
  );
}

function escapePart(part: string): string {
  return part.includes('|') || part.includes('\\') ? part.replaceAll('\\', '\\E\\').replaceAll('|', '\\F\\') : part;
}
