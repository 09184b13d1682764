import type { Hl7Message } from '../message/hl7-message.ts';
import { address, code, identifier, personName, telecom, text, typed, typedList } from './read-type.ts';
import type { TimeReader } from './time-reader.ts';
import type { Merge, Patient } from './typed-record.ts';

/** PID (HL7 chapter 3.4.2). PID-19, the social security number, is deliberately not part of the record. */
export function extractPatient(m: Hl7Message, pid: number, times: TimeReader): Patient {
  return {
    identifiers: typedList(m, pid, 3, identifier),
    names: typedList(m, pid, 5, personName),
    birthDate: times.date(m, pid, 7),
    sex: text(m, pid, 8),
    race: typed(m, pid, 10, code),
    addresses: typedList(m, pid, 11, address),
    homePhones: typedList(m, pid, 13, telecom),
    workPhones: typedList(m, pid, 14, telecom),
    language: typed(m, pid, 15, code),
    maritalStatus: typed(m, pid, 16, code),
    account: typed(m, pid, 18, identifier),
    deceasedAt: times.time(m, pid, 29),
    deceased: text(m, pid, 30),
  };
}

/** MRG (HL7 chapter 3.4.9): what is merged into the record's patient. */
export function extractMerge(m: Hl7Message, mrg: number): Merge {
  return {
    identifiers: typedList(m, mrg, 1, identifier),
    account: typed(m, mrg, 3, identifier),
    patientId: typed(m, mrg, 4, identifier),
    visitNumber: typed(m, mrg, 5, identifier),
    names: typedList(m, mrg, 7, personName),
  };
}
