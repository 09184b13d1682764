import { identifier, location, staff } from './read-type.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { TimeReader } from './time-reader.ts';
import type { TriggerEvent, Visit } from './typed-record.ts';

/** PV1 (HL7 chapter 3.4.3). */
export function extractVisit(r: SegmentReader, times: TimeReader): Visit {
  return {
    class: r.text(2),
    location: r.typed(3, location),
    admissionType: r.text(4),
    priorLocation: r.typed(6, location),
    attending: r.typed(7, staff),
    referring: r.typed(8, staff),
    consulting: r.typedList(9, staff),
    service: r.text(10),
    admitSource: r.text(14),
    admitting: r.typed(17, staff),
    patientType: r.text(18),
    visitNumber: r.typed(19, identifier),
    dischargeDisposition: r.text(36),
    admittedAt: times.time(r, 44),
    dischargedAt: times.time(r, 45),
  };
}

/** EVN (HL7 chapter 3.4.1). */
export function extractEvent(r: SegmentReader, times: TimeReader): TriggerEvent {
  return {
    type: r.text(1),
    recordedAt: times.time(r, 2),
    plannedAt: times.time(r, 3),
    reason: r.text(4),
    operator: r.typed(5, staff),
    occurredAt: times.time(r, 6),
  };
}
