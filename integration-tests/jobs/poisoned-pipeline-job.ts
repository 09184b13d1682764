import { Correlate } from '../../jobs/hl7-pipeline/patient/correlate.ts';

/** The family name of the patient on whose messages the step fails. */
const POISON = 'QUACKENBUSH';

type Process = Correlate['process'];

/**
 * The product's pipeline, whose step `correlate` has a fault: it fails on the messages of one patient, after it has written state
 * and made output, and says so with the patient's name, as errors do that quote what they could not handle.
 */
Object.defineProperty(Correlate.prototype, 'process', {
  value: faulty(Object.getOwnPropertyDescriptor(Correlate.prototype, 'process')?.value as Process),
});

function faulty(process: Process): Process {
  return function failing(this: Correlate, ...[element, context]: Parameters<Process>): void {
    process.call(this, element, context);
    if (element.kind === 'message' && element.fields.bytes.includes(POISON)) {
      throw new RangeError(`no room for ${element.fields.bytes.toString('latin1')}`);
    }
  };
}

export { job } from '../../jobs/hl7-pipeline/job.ts';
