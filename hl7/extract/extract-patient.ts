import { address, code, identifier, personName, telecom } from './read-type.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { TimeReader } from './time-reader.ts';
import type { Merge, Patient } from './typed-record.ts';

/** PID (HL7 chapter 3.4.2). PID-19, the social security number, is deliberately not part of the record. */
export function extractPatient(r: SegmentReader, times: TimeReader): Patient {
  return {
    identifiers: r.typedList(3, identifier),
    names: r.typedList(5, personName),
    birthDate: times.date(r, 7),
    sex: r.text(8),
    race: r.typed(10, code),
    addresses: r.typedList(11, address),
    homePhones: r.typedList(13, telecom),
    workPhones: r.typedList(14, telecom),
    language: r.typed(15, code),
    maritalStatus: r.typed(16, code),
    account: r.typed(18, identifier),
    deceasedAt: times.time(r, 29),
    deceased: r.text(30),
  };
}

/** MRG (HL7 chapter 3.4.9): what is merged into the record's patient. */
export function extractMerge(r: SegmentReader): Merge {
  return {
    identifiers: r.typedList(1, identifier),
    account: r.typed(3, identifier),
    patientId: r.typed(4, identifier),
    visitNumber: r.typed(5, identifier),
    names: r.typedList(7, personName),
  };
}
