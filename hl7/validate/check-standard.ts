import {
  definitionsOf,
  tableValues,
  type FieldDefinition,
  type Hl7Definitions,
} from '../definitions/hl7-definitions.ts';
import { matchStructure, type GroupInstance } from '../definitions/match-structure.ts';
import { structureOf } from '../definitions/structure-of.ts';
import type { Hl7Message } from '../message/hl7-message.ts';
import type { StandardRule } from '../profiles/profile-wire.ts';
import type { ProfileFindings } from './profile-findings.ts';

/** The rules that the HL7 definitions of the message's own version give. Z segments are the sender's own and never checked. */
export function checkStandard(message: Hl7Message, rules: ReadonlySet<StandardRule>, findings: ProfileFindings): void {
  const structure = structureOf(message);
  if (rules.has('segments') && structure !== undefined) {
    const { root, misplaced } = matchStructure(message, structure);
    checkGroup(root, structure.name, findings);
    for (const segment of misplaced) {
      const name = message.segmentName(segment);
      if (!name.startsWith('Z')) {
        findings.add(name, segment, `has no place here in ${structure.name}`);
      }
    }
  }
  const definitions = definitionsOf(message.value(0, 12));
  for (let segment = 0; segment < message.segmentCount; segment++) {
    checkSegmentFields(message, segment, { definitions, rules, findings });
  }
}

function checkGroup(group: GroupInstance, structure: string, findings: ProfileFindings): void {
  group.elements.forEach((element, index) => {
    const count = group.counts[index] ?? 0;
    if (count < element.min) {
      const kind = element.kind === 'group' ? 'group ' : '';
      const where = group.name === '' ? structure : `${group.name} of ${structure}`;
      findings.missingSegment(`${kind}${element.name}`, `is required in ${where} and missing`);
    }
  });
  for (const inner of group.groups) {
    checkGroup(inner, structure, findings);
  }
}

interface FieldCheck {
  readonly definitions: Hl7Definitions;
  readonly rules: ReadonlySet<StandardRule>;
  readonly findings: ProfileFindings;
}

function checkSegmentFields(message: Hl7Message, segment: number, check: FieldCheck): void {
  const name = message.segmentName(segment);
  const count = check.definitions.fieldCount(name);
  for (let field = 1; field <= count; field++) {
    const definition = check.definitions.field(name, field);
    // MSH-1 and MSH-2 declare the delimiters: the parser has checked them.
    if (definition !== undefined && !(name === 'MSH' && field <= 2)) {
      checkOneField(message, { segment, field, place: `${name}-${field}`, definition }, check);
    }
  }
}

interface DefinedField {
  readonly segment: number;
  readonly field: number;
  readonly place: string;
  readonly definition: FieldDefinition;
}

function checkOneField(
  message: Hl7Message,
  { segment, field, place, definition }: DefinedField,
  check: FieldCheck,
): void {
  const { rules, findings } = check;
  const repetitions = message.repetitionCount(segment, field);
  if (rules.has('fields') && definition.usage === 'required' && repetitions === 0) {
    findings.add(place, segment, `(${definition.name}) is required and missing`, field);
  }
  if (rules.has('repetitions') && definition.repetitionsMax !== undefined && repetitions > definition.repetitionsMax) {
    findings.add(place, segment, `may repeat ${definition.repetitionsMax} times and does ${repetitions} times`, field);
  }
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    const length = message.fieldText(segment, field, repetition)?.length ?? 0;
    if (rules.has('lengths') && definition.lengthMax !== undefined && length > definition.lengthMax) {
      findings.add(place, segment, `may have ${definition.lengthMax} characters and has ${length}`, field);
    }
    const value = message.value(segment, field, repetition);
    if (rules.has('tables') && value !== undefined && !isInTable(definition, value)) {
      findings.add(place, segment, `must be a value of table ${definition.table ?? ''}`, field);
    }
  }
}

/** Only ID fields are bound to HL7 tables; IS and coded elements use tables that sites extend (HL7 chapter 2, "tables"). */
function isInTable(definition: FieldDefinition, value: string): boolean {
  if (definition.dataType !== 'ID' || definition.table === undefined) {
    return true;
  }
  const values = tableValues(definition.table);
  return values === undefined || Object.hasOwn(values, value);
}
