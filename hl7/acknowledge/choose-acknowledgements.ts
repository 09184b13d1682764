import type { Hl7Message } from '../message/hl7-message.ts';
import {
  type AcceptCode,
  acceptCode,
  type ApplicationCode,
  applicationCode,
  type Outcome,
} from './acknowledgement-code.ts';

export interface DueAcknowledgements {
  readonly mode: 'original' | 'enhanced';
  /** To be sent as soon as the message is stored or refused; enhanced mode only. */
  readonly accept: AcceptCode | undefined;
  /** To be sent when the message has been processed. */
  readonly application: ApplicationCode | undefined;
}

/**
 * Which acknowledgements the sender wants (HL7 v2 chapter 2, "Acknowledgement"). Enhanced mode is asked for by valuing
 * MSH-15 or MSH-16 with a condition of table 0155: AL always, NE never, ER on error or reject, SU on success. In
 * enhanced mode an empty field means never. In original mode there is always one application acknowledgement.
 */
export function chooseAcknowledgements(message: Hl7Message, outcome: Outcome): DueAcknowledgements {
  const accept = message.value(0, 15);
  const application = message.value(0, 16);
  if (accept === undefined && application === undefined) {
    return { mode: 'original', accept: undefined, application: applicationCode(outcome) };
  }
  return {
    mode: 'enhanced',
    accept: isDue(accept, outcome) ? acceptCode(outcome) : undefined,
    application: isDue(application, outcome) ? applicationCode(outcome) : undefined,
  };
}

/** An unknown condition counts as AL: one acknowledgement too many is harmless, one too few stops the sender. */
function isDue(condition: string | undefined, outcome: Outcome): boolean {
  switch (condition?.toUpperCase()) {
    case undefined:
    case 'NE':
      return false;
    case 'ER':
      return outcome !== 'accepted';
    case 'SU':
      return outcome === 'accepted';
    default:
      return true;
  }
}
