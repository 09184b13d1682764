import { code, entityId, staff } from './read-type.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { TimeReader } from './time-reader.ts';
import type { ClinicalDocument, Observation } from './typed-record.ts';

/** TXA (HL7 chapter 9.7.1). The text is added once all OBX are read (`documentText`). */
export function extractDocument(r: SegmentReader, times: TimeReader): ClinicalDocument {
  return {
    type: r.typed(2, code),
    presentation: r.text(3),
    activityAt: times.time(r, 4),
    provider: r.typed(5, staff),
    originatedAt: times.time(r, 6),
    transcribedAt: times.time(r, 7),
    editedAt: times.time(r, 8),
    originators: r.typedList(9, staff),
    transcriptionist: r.typed(11, staff),
    number: r.typed(12, entityId),
    parentNumber: r.typed(13, entityId),
    placer: r.typed(14, entityId),
    filler: r.typed(15, entityId),
    fileName: r.text(16),
    completionStatus: r.text(17),
    confidentiality: r.text(18),
    availability: r.text(19),
  };
}

/** The text of a document: its TX, FT and ST observations, a line per value; undefined when there is none. */
export function documentText(observations: readonly Observation[] | undefined): string | undefined {
  const lines: string[] = [];
  for (const { type, value } of observations ?? []) {
    if (type !== 'TX' && type !== 'FT' && type !== 'ST') {
      continue;
    }
    for (const single of Array.isArray(value) ? value : [value]) {
      if (typeof single === 'string') {
        lines.push(single);
      }
    }
  }
  return lines.length === 0 ? undefined : lines.join('\n');
}
