import type { Hl7Message } from '../message/hl7-message.ts';
import { identifier, location, staff, text, typed, typedList } from './read-type.ts';
import type { TimeReader } from './time-reader.ts';
import type { TriggerEvent, Visit } from './typed-record.ts';

/** PV1 (HL7 chapter 3.4.3). */
export function extractVisit(m: Hl7Message, pv1: number, times: TimeReader): Visit {
  return {
    class: text(m, pv1, 2),
    location: typed(m, pv1, 3, location),
    admissionType: text(m, pv1, 4),
    priorLocation: typed(m, pv1, 6, location),
    attending: typed(m, pv1, 7, staff),
    referring: typed(m, pv1, 8, staff),
    consulting: typedList(m, pv1, 9, staff),
    service: text(m, pv1, 10),
    admitSource: text(m, pv1, 14),
    admitting: typed(m, pv1, 17, staff),
    patientType: text(m, pv1, 18),
    visitNumber: typed(m, pv1, 19, identifier),
    dischargeDisposition: text(m, pv1, 36),
    admittedAt: times.time(m, pv1, 44),
    dischargedAt: times.time(m, pv1, 45),
  };
}

/** EVN (HL7 chapter 3.4.1). */
export function extractEvent(m: Hl7Message, evn: number, times: TimeReader): TriggerEvent {
  return {
    type: text(m, evn, 1),
    recordedAt: times.time(m, evn, 2),
    plannedAt: times.time(m, evn, 3),
    reason: text(m, evn, 4),
    operator: typed(m, evn, 5, staff),
    occurredAt: times.time(m, evn, 6),
  };
}
