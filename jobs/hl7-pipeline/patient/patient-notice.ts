import type { Serializer } from '../../../index.ts';
import type { FacilityRegistry } from '../../../hl7/facility/facility-registry.ts';
import type { Hl7Message } from '../../../hl7/message/hl7-message.ts';
import { identifierKey } from '../../../hl7/patient/patient-key.ts';
import type { PatientKeyRules } from '../../../hl7/patient/patient-key.ts';
import { hl7ElementSerializer } from '../hl7-element.ts';
import type { Hl7Element } from '../hl7-element.ts';
import type { Origin } from '../origin.ts';
import { typedRecordOf } from '../typed-record.ts';
import { encounterSourceOf } from './encounter.ts';
import type { EncounterSource } from './encounter.ts';
import { isRetiring, patientEventOf } from './patient-event.ts';
import type { PatientEvent } from './patient-event.ts';
import { parseNotice } from './patient-notice-wire.ts';

/**
 * What a message says of another patient than the one it is keyed by: the second of a swap of beds, the further ones of a batch
 * of results, the key that a merge retires. It changes that patient's state and makes no record: the message has its own.
 */
export interface PatientNotice {
  readonly kind: 'notice';
  readonly key: string;
  readonly event: PatientEvent;
  readonly source: EncounterSource;
  readonly origin: Origin;
}

/** What crosses to the keyed steps. */
export type PatientElement = Hl7Element | PatientNotice;

/** The notices that a message makes, nearly always none. Its sender's rules decide on every key. */
export function noticesOf(element: Hl7Element, facilities: FacilityRegistry): readonly PatientNotice[] {
  const { message } = element;
  const isMerge = element.fields.route === 'adt' && isRetiring(message.value(0, 9, 1, 2));
  const pids = message.countSegments('PID');
  if (pids <= 1 && !isMerge) {
    return [];
  }
  const record = typedRecordOf(element);
  const rules = facilities.findFor(message).settings.key;
  const sections = [record, ...(record.furtherPatients ?? [])];
  const { origin } = element.fields;
  const source = encounterSourceOf(record);
  return patientsOf(message, rules).flatMap(({ key, retired }, index) => {
    const section = sections[index];
    if (section === undefined || key === undefined) {
      return [];
    }
    const about = { kind: 'notice', source, origin } as const;
    const event = patientEventOf(record, section, origin.receivedMs);
    const notices: PatientNotice[] = [];
    if (index > 0 && (event.visit !== undefined || event.orders.length > 0)) {
      notices.push({ ...about, key, event });
    }
    if (isMerge && retired !== undefined && retired !== key) {
      notices.push({ ...about, key: retired, event: { at: event.at, orders: [], mergedInto: key } });
    }
    return notices;
  });
}

interface PatientOfMessage {
  readonly key: string | undefined;
  /** Of the MRG that follows. */
  readonly retired: string | undefined;
}

/** One for each PID, in order: as extraction makes the sections. */
function patientsOf(message: Hl7Message, rules: PatientKeyRules): readonly PatientOfMessage[] {
  const patients: PatientOfMessage[] = [];
  for (let pid = message.findSegment('PID'); pid >= 0;) {
    const next = message.findSegment('PID', pid + 1);
    const merge = message.findSegment('MRG', pid + 1);
    const isOwn = merge >= 0 && (next < 0 || merge < next);
    patients.push({
      key: identifierKey(message, pid, 3, rules)?.key,
      retired: isOwn ? identifierKey(message, merge, 1, rules)?.key : undefined,
    });
    pid = next;
  }
  return patients;
}

/** First byte of a notice; a message has its own format there. */
const NOTICE = 0xff;

export const patientElementSerializer: Serializer<PatientElement> = {
  id: 'hl7-patient-element/1',
  encode: (element) =>
    element.kind === 'message'
      ? hl7ElementSerializer.encode(element)
      : Buffer.concat([Buffer.of(NOTICE), Buffer.from(JSON.stringify(element), 'utf8')]),
  decode: (bytes) =>
    bytes[0] === NOTICE ? parseNotice(bytes.toString('utf8', 1)) : hl7ElementSerializer.decode(bytes),
  encodeInto: (element, target, offset) => {
    if (element.kind === 'message') {
      return hl7ElementSerializer.encodeInto?.(element, target, offset) ?? -1;
    }
    const json = Buffer.from(JSON.stringify(element), 'utf8');
    if (offset + 1 + json.length > target.length) {
      return -1;
    }
    target[offset] = NOTICE;
    return offset + 1 + json.copy(target, offset + 1);
  },
};
