import { code, entityId, staff } from './read-type.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { TimeReader } from './time-reader.ts';
import type { Order, Text } from './typed-record.ts';

/** The order that an ORC (HL7 chapter 4.5.1) begins. */
export function orderOfOrc(r: SegmentReader, times: TimeReader): Order {
  return {
    control: r.text(1),
    placer: r.typed(2, entityId),
    filler: r.typed(3, entityId),
    group: r.typed(4, entityId),
    status: r.text(5),
    orderedAt: times.time(r, 9),
    orderedBy: r.typed(12, staff),
  };
}

/**
 * Adds an OBR (HL7 chapter 4.5.3) to the order that its ORC began, or makes the order of an OBR that has none. The OBR's own
 * numbers win over the ORC's: it is the OBR that results refer to.
 */
export function orderOfObr(r: SegmentReader, times: TimeReader, orc: Order | undefined): Order {
  return {
    control: orc?.control,
    placer: r.typed(2, entityId) ?? orc?.placer,
    filler: r.typed(3, entityId) ?? orc?.filler,
    group: orc?.group,
    status: orc?.status,
    orderedAt: orc?.orderedAt,
    orderedBy: orc?.orderedBy,
    code: r.typed(4, code),
    priority: r.text(5) ?? r.typed(27, timingPriority),
    requestedAt: times.time(r, 6),
    observedAt: times.time(r, 7),
    observedEndAt: times.time(r, 8),
    receivedAt: times.time(r, 14),
    provider: r.typed(16, staff),
    resultedAt: times.time(r, 22),
    section: r.text(24),
    resultStatus: r.text(25),
    reason: r.typed(31, code),
  };
}

/** TQ: the priority stands in component 6. */
function timingPriority(r: SegmentReader): Text {
  return r.component(6);
}
