import type { Hl7Message } from '../message/hl7-message.ts';
import { code, entityId, staff, text, typed, typedList } from './read-type.ts';
import type { TimeReader } from './time-reader.ts';
import type { ClinicalDocument, Observation } from './typed-record.ts';

/** TXA (HL7 chapter 9.7.1). The text is added once all OBX are read (`documentText`). */
export function extractDocument(m: Hl7Message, txa: number, times: TimeReader): ClinicalDocument {
  return {
    type: typed(m, txa, 2, code),
    presentation: text(m, txa, 3),
    activityAt: times.time(m, txa, 4),
    provider: typed(m, txa, 5, staff),
    originatedAt: times.time(m, txa, 6),
    transcribedAt: times.time(m, txa, 7),
    editedAt: times.time(m, txa, 8),
    originators: typedList(m, txa, 9, staff),
    transcriptionist: typed(m, txa, 11, staff),
    number: typed(m, txa, 12, entityId),
    parentNumber: typed(m, txa, 13, entityId),
    placer: typed(m, txa, 14, entityId),
    filler: typed(m, txa, 15, entityId),
    fileName: text(m, txa, 16),
    completionStatus: text(m, txa, 17),
    confidentiality: text(m, txa, 18),
    availability: text(m, txa, 19),
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
