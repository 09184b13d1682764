import type { Hl7Message } from '../message/hl7-message.ts';
import { code, entityId, staff, text, typed } from './read-type.ts';
import type { TimeReader } from './time-reader.ts';
import type { Order } from './typed-record.ts';

/** The order that an ORC (HL7 chapter 4.5.1) begins. */
export function orderOfOrc(m: Hl7Message, orc: number, times: TimeReader): Order {
  return {
    control: text(m, orc, 1),
    placer: typed(m, orc, 2, entityId),
    filler: typed(m, orc, 3, entityId),
    group: typed(m, orc, 4, entityId),
    status: text(m, orc, 5),
    orderedAt: times.time(m, orc, 9),
    orderedBy: typed(m, orc, 12, staff),
  };
}

/**
 * Adds an OBR (HL7 chapter 4.5.3) to the order that its ORC began, or makes the order of an OBR that has none. The OBR's own
 * numbers win over the ORC's: it is the OBR that results refer to.
 */
export function orderOfObr(m: Hl7Message, obr: number, times: TimeReader, orc: Order | undefined): Order {
  return {
    control: orc?.control,
    placer: typed(m, obr, 2, entityId) ?? orc?.placer,
    filler: typed(m, obr, 3, entityId) ?? orc?.filler,
    group: orc?.group,
    status: orc?.status,
    orderedAt: orc?.orderedAt,
    orderedBy: orc?.orderedBy,
    code: typed(m, obr, 4, code),
    priority: text(m, obr, 5) ?? text(m, obr, 27, 1, 6),
    requestedAt: times.time(m, obr, 6),
    observedAt: times.time(m, obr, 7),
    observedEndAt: times.time(m, obr, 8),
    receivedAt: times.time(m, obr, 14),
    provider: typed(m, obr, 16, staff),
    resultedAt: times.time(m, obr, 22),
    section: text(m, obr, 24),
    resultStatus: text(m, obr, 25),
    reason: typed(m, obr, 31, code),
  };
}
