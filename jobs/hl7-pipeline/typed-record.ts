import type { ProcessContext } from '../../index.ts';
import { extractRecord } from '../../hl7/extract/extract-record.ts';
import type { TypedRecord } from '../../hl7/extract/typed-record.ts';
import type { Hl7Element } from './hl7-element.ts';

/** A message and the typed record made of it. */
export interface RecordElement {
  readonly element: Hl7Element;
  readonly record: TypedRecord;
}

export function typedRecordOf(element: Hl7Element): TypedRecord {
  const { sender, ingestedMs, origin } = element.fields;
  return extractRecord(element.message, {
    sourceSystem: sender.sourceSystem,
    facilityId: sender.facilityId,
    ingestionMs: ingestedMs,
    receivedMs: origin.receivedMs,
    zone: sender.zone,
  });
}

/** Makes the typed record of a message without a patient. */
export const makeTypedRecord = {
  process(element: Hl7Element, context: ProcessContext<RecordElement>): void {
    context.emit({ element, record: typedRecordOf(element) });
  },
};
