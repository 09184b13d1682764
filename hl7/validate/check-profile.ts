import { requirePath } from '../path/locate-path.ts';
import type { Hl7Message } from '../message/hl7-message.ts';
import { tableValues } from '../definitions/hl7-definitions.ts';
import { fits } from '../profiles/profile-set.ts';
import type { FieldRule, Hl7Profile, ProfileRule } from '../profiles/profile-wire.ts';
import { checkStandard } from './check-standard.ts';
import type { CheckResult } from './check-syntax.ts';
import { ProfileFindings } from './profile-findings.ts';

/**
 * Checks a message against an HL7 profile: required segments and fields, cardinality, tables, lengths. Sentences name places and
 * rules, never values. A message that ends, without a segment terminator, before a segment it needs is reported as E_TRUNCATED.
 */
export function checkProfile(message: Hl7Message, profile: Hl7Profile): CheckResult {
  const findings = new ProfileFindings(message, `profile ${profile.name} ${profile.version}`);
  for (const rule of profile.rules) {
    if (rule.when === undefined || fits(message, rule.when)) {
      checkSegments(message, rule, findings);
      checkFields(message, rule, findings);
      if (rule.standard !== undefined) {
        checkStandard(message, new Set(rule.standard), findings);
      }
    }
  }
  return { problems: findings.problems };
}

function checkSegments(message: Hl7Message, rule: ProfileRule, findings: ProfileFindings): void {
  for (const [name, { min = 0, max }] of Object.entries(rule.segments ?? {})) {
    const count = message.countSegments(name);
    if (count < min) {
      findings.missingSegment(
        name,
        count === 0 ? 'is required and missing' : `must occur ${min} times and occurs ${count}`,
      );
    } else if (max !== undefined && count > max) {
      findings.add(name, message.findSegment(name), `may occur ${max} times and occurs ${count}`);
    }
  }
}

function checkFields(message: Hl7Message, rule: ProfileRule, findings: ProfileFindings): void {
  for (const [text, fieldRule] of Object.entries(rule.fields ?? {})) {
    const path = requirePath(text);
    for (let at = message.findSegment(path.segment); at >= 0; at = message.findSegment(path.segment, at + 1)) {
      checkField(
        message,
        { text, segment: at, field: path.field ?? 0, component: path.component, subcomponent: path.subcomponent },
        fieldRule,
        findings,
      );
    }
  }
}

interface Place {
  readonly text: string;
  readonly segment: number;
  readonly field: number;
  readonly component: number | undefined;
  readonly subcomponent: number | undefined;
}

function checkField(message: Hl7Message, place: Place, rule: FieldRule, findings: ProfileFindings): void {
  const { text, segment, field, component, subcomponent } = place;
  const repetitions = message.repetitionCount(segment, field);
  const add = (what: string): void => findings.add(text, segment, what, field);
  if (rule.repetitionsMax !== undefined && repetitions > rule.repetitionsMax) {
    add(`may repeat ${rule.repetitionsMax} times and does ${repetitions} times`);
  }
  let isPresent = false;
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    if (message.presence(segment, field, repetition, component, subcomponent) !== 'value') {
      continue;
    }
    isPresent = true;
    checkValue(message.value(segment, field, repetition, component, subcomponent) ?? '', rule, add);
    const whole = component === undefined ? message.fieldText(segment, field, repetition) : undefined;
    const length = (whole ?? message.value(segment, field, repetition, component, subcomponent) ?? '').length;
    if (rule.lengthMax !== undefined && length > rule.lengthMax) {
      add(`may have ${rule.lengthMax} characters and has ${length}`);
    }
  }
  if (rule.usage === 'required' && !isPresent) {
    add('is required and missing');
  } else if (rule.usage === 'forbidden' && isPresent) {
    add('must not be used');
  }
}

function checkValue(value: string, rule: FieldRule, add: (what: string) => void): void {
  if (rule.values?.includes(value) === false) {
    add(`must be one of ${rule.values.join(', ')}`);
  }
  const table = rule.table === undefined ? undefined : tableValues(rule.table);
  if (table !== undefined && !Object.hasOwn(table, value)) {
    add(`must be a value of table ${rule.table ?? ''}`);
  }
}
