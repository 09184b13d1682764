import type { Hl7Message } from '../../hl7/message/hl7-message.ts';
import type { GroupResolver } from '../../hl7/path/group-resolver.ts';
import { locateSegment, requirePath } from '../../hl7/path/locate-path.ts';
import { routeOf } from '../../hl7/route/route-of.ts';
import type { PayloadItem } from '../../hl7/validate/judge-payload.ts';

/** A field's value in a report: text, `""` (two quotes) for the HL7 null, null when absent or empty. */
export type FieldValue = string | null;

export interface ReportedIdentifier {
  readonly id: FieldValue;
  readonly auth: FieldValue;
  readonly type: FieldValue;
}

/** One line of `nerve hl7 parse --json`: one message found, or bytes that are none. */
export interface MessageReport {
  readonly file: string;
  readonly index: number;
  readonly outcome: 'ok' | 'dlq';
  readonly stage: string | null;
  readonly reason: string | null;
  /** What is wrong, without any content of the message. */
  readonly detail: string | null;
  readonly warnings: readonly string[];
  readonly messageType: string | null;
  readonly trigger: string | null;
  readonly version: string | null;
  readonly controlId: string | null;
  readonly route: string;
  readonly key: string | null;
  readonly fields: Readonly<Record<string, FieldValue | readonly ReportedIdentifier[]>>;
  /** How many segments of each name there are. */
  readonly segments: Readonly<Record<string, number>>;
  /** Framing faults since the line before. */
  readonly faults: readonly string[];
  /** What is odd about the batch envelope. */
  readonly envelope: readonly string[];
}

/** The fields of a report when none are asked for: whom the message is from and about, and what kind it is. */
const defaultPaths = [
  ...['MSH-3-1', 'MSH-4-1', 'MSH-7-1', 'MSH-9-1', 'MSH-9-2', 'MSH-9-3', 'MSH-10', 'MSH-11-1', 'MSH-12-1', 'MSH-13'],
  ...['MSH-15', 'MSH-16', 'MSH-18', 'PID-2-1', 'PID-3', 'PID-5-1-1', 'PID-7-1', 'PID-18-1', 'PV1-2', 'PV1-19-1'],
  ...['ORC-1', 'ORC-2-1', 'ORC-3-1', 'OBX-5', 'OBX-11', 'MRG-1-1'],
];

/** @param paths fields to report; empty: the default ones that the message has, PID-3 as a list of identifiers */
export function reportItem(
  file: string,
  item: PayloadItem,
  paths: readonly string[],
  groups: GroupResolver,
): MessageReport {
  const { verdict } = item;
  const message = verdict.message;
  const problem = verdict.kind === 'rejected' ? verdict.problem : undefined;
  const messageType = message?.value(0, 9, 1, 1);
  return {
    file,
    index: item.index,
    outcome: verdict.kind === 'accepted' ? 'ok' : 'dlq',
    stage: problem?.stage ?? null,
    reason: problem?.code ?? null,
    detail: problem?.sentence ?? null,
    warnings: verdict.warnings.map((warning) => warning.code),
    messageType: messageType ?? null,
    trigger: message?.value(0, 9, 1, 2) ?? null,
    version: message?.value(0, 12) ?? null,
    controlId: message?.value(0, 10) ?? null,
    route: verdict.kind === 'accepted' ? routeOf(messageType) : 'dlq',
    key: verdict.kind === 'accepted' ? (verdict.key ?? null) : null,
    fields: message === undefined ? {} : reportFields(message, paths, groups),
    segments: message === undefined ? {} : countSegments(message),
    faults: item.faults,
    envelope: item.envelope,
  };
}

function reportFields(message: Hl7Message, paths: readonly string[], groups: GroupResolver): MessageReport['fields'] {
  if (paths.length > 0) {
    return Object.fromEntries(paths.map((path) => [path, fieldAt(message, path, groups)]));
  }
  const fields: Record<string, FieldValue | readonly ReportedIdentifier[]> = {};
  for (const path of defaultPaths) {
    const value = path === 'PID-3' ? patientIdentifiers(message) : firstValue(message, path, groups);
    if (value !== null) {
      fields[path] = value;
    }
  }
  return fields;
}

/** The value at a path, telling the HL7 null from a field that is not there. */
export function fieldAt(message: Hl7Message, text: string, groups: GroupResolver): FieldValue {
  const path = requirePath(text);
  const segment = locateSegment(message, path, groups);
  if (segment < 0) {
    return null;
  }
  if (path.field === undefined) {
    return message.segmentText(segment) ?? null;
  }
  const { field, repetition, component = 1, subcomponent = 1 } = path;
  const value = message.value(segment, field, repetition, component, subcomponent);
  if (value !== undefined) {
    return value;
  }
  return message.presence(segment, field, repetition, component, subcomponent) === 'null' ? '""' : null;
}

/** A summary need not search a report of thousands of lines. */
const searchedOccurrencesMax = 100;

/** The value in the first segment of that name that has one: the summary of a result whose first OBX is empty says more so. */
function firstValue(message: Hl7Message, text: string, groups: GroupResolver): FieldValue {
  const name = text.slice(0, 3);
  const occurrences = Math.min(message.countSegments(name), searchedOccurrencesMax);
  for (let occurrence = 1; occurrence <= occurrences; occurrence++) {
    const value = fieldAt(message, `${name}(${occurrence})${text.slice(3)}`, groups);
    if (value !== null) {
      return value;
    }
  }
  return null;
}

function patientIdentifiers(message: Hl7Message): readonly ReportedIdentifier[] | null {
  const pid = message.findSegment('PID');
  if (pid < 0) {
    return null;
  }
  return Array.from({ length: message.repetitionCount(pid, 3) }, (_, index) => ({
    id: message.value(pid, 3, index + 1, 1) ?? null,
    auth: message.value(pid, 3, index + 1, 4) ?? null,
    type: message.value(pid, 3, index + 1, 5) ?? null,
  }));
}

function countSegments(message: Hl7Message): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let segment = 0; segment < message.segmentCount; segment++) {
    const name = message.segmentName(segment);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
