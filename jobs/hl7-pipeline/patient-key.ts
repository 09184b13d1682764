import { outputTag } from '../../index.ts';
import type { ProcessContext, ProcessFunction } from '../../index.ts';
import { hl7ElementSerializer } from './hl7-element.ts';
import type { Hl7Element } from './hl7-element.ts';
import { noticesOf } from './patient/patient-notice.ts';
import type { PatientElement } from './patient/patient-notice.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';

/** Messages without a patient (ACK, QRY …): they have no key, and no order to keep with any patient's messages. */
export const withoutPatient = outputTag<Hl7Element>('without-patient', hl7ElementSerializer);

/**
 * Parts the messages that concern a patient from those that do not. One that concerns several is keyed by its first patient; the
 * others are sent a notice.
 */
export class PartByPatient implements ProcessFunction<Hl7Element, PatientElement> {
  readonly #policy: PipelinePolicy;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
  }

  process(element: Hl7Element, context: ProcessContext<PatientElement>): void {
    if (element.fields.key === undefined) {
      context.sideOutput(withoutPatient, element);
      return;
    }
    context.emit(element);
    for (const notice of noticesOf(element, this.#policy.judge.facilities)) {
      context.emit(notice);
    }
  }
}

/** The patient key: all that concerns a patient goes to one subtask, in order. */
export function patientKeyOf(element: PatientElement): string {
  const key = element.kind === 'notice' ? element.key : element.fields.key;
  if (key === undefined) {
    throw new TypeError('a message without a patient reached the keyed steps');
  }
  return key;
}
