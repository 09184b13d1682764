import { outputTag } from '../../index.ts';
import type { ProcessContext } from '../../index.ts';
import { hl7ElementSerializer } from './hl7-element.ts';
import type { Hl7Element } from './hl7-element.ts';

/** Messages without a patient (ACK, QRY …): they have no key, and no order to keep with any patient's messages. */
export const withoutPatient = outputTag<Hl7Element>('without-patient', hl7ElementSerializer);

/** Parts the messages that concern a patient from those that do not. */
export function partByPatient(element: Hl7Element, context: ProcessContext<Hl7Element>): void {
  if (element.fields.key === undefined) {
    context.sideOutput(withoutPatient, element);
  } else {
    context.emit(element);
  }
}

/** The patient key of a message that has one: all messages of a patient go to one subtask, in order. */
export function patientKeyOf(element: Hl7Element): string {
  const { key } = element.fields;
  if (key === undefined) {
    throw new TypeError('a message without a patient reached the keyed steps');
  }
  return key;
}
