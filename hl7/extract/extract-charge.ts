import type { Hl7Message } from '../message/hl7-message.ts';
import { code, location, staff, text, typed, typedList } from './read-type.ts';
import type { TimeReader } from './time-reader.ts';
import type { Charge } from './typed-record.ts';

/** FT1 (HL7 chapter 6.5.1). Amounts are the sender's text: money is not rounded through a binary number. */
export function extractCharge(m: Hl7Message, ft1: number, times: TimeReader): Charge {
  return {
    setId: text(m, ft1, 1),
    id: text(m, ft1, 2),
    batch: text(m, ft1, 3),
    transactedAt: times.time(m, ft1, 4),
    postedAt: times.time(m, ft1, 5),
    type: text(m, ft1, 6),
    code: typed(m, ft1, 7, code),
    description: text(m, ft1, 8),
    quantity: text(m, ft1, 10),
    amount: text(m, ft1, 11),
    unitAmount: text(m, ft1, 12),
    department: typed(m, ft1, 13, code),
    location: typed(m, ft1, 16, location),
    patientType: text(m, ft1, 18),
    diagnoses: typedList(m, ft1, 19, code),
    performedBy: typed(m, ft1, 20, staff),
    orderedBy: typed(m, ft1, 21, staff),
    procedure: typed(m, ft1, 25, code),
  };
}
