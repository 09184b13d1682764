import { code, location, staff } from './read-type.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { TimeReader } from './time-reader.ts';
import type { Charge } from './typed-record.ts';

/** FT1 (HL7 chapter 6.5.1). Amounts are the sender's text: money is not rounded through a binary number. */
export function extractCharge(r: SegmentReader, times: TimeReader): Charge {
  return {
    setId: r.text(1),
    id: r.text(2),
    batch: r.text(3),
    transactedAt: times.time(r, 4),
    postedAt: times.time(r, 5),
    type: r.text(6),
    code: r.typed(7, code),
    description: r.text(8),
    quantity: r.text(10),
    amount: r.text(11),
    unitAmount: r.text(12),
    department: r.typed(13, code),
    location: r.typed(16, location),
    patientType: r.text(18),
    diagnoses: r.typedList(19, code),
    performedBy: r.typed(20, staff),
    orderedBy: r.typed(21, staff),
    procedure: r.typed(25, code),
  };
}
