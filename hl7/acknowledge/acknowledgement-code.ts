/** Original mode (HL7 table 0008): accepted, error in the content, rejected. */
export type ApplicationCode = 'AA' | 'AE' | 'AR';
/** Enhanced mode's accept level: committed to safe storage, error, rejected. */
export type AcceptCode = 'CA' | 'CE' | 'CR';
export type AcknowledgementCode = ApplicationCode | AcceptCode;

/** What became of a message. */
export type Outcome = 'accepted' | 'error' | 'rejected';

const ACCEPT = { accepted: 'CA', error: 'CE', rejected: 'CR' } as const;
const APPLICATION = { accepted: 'AA', error: 'AE', rejected: 'AR' } as const;

export function acceptCode(outcome: Outcome): AcceptCode {
  return ACCEPT[outcome];
}

export function applicationCode(outcome: Outcome): ApplicationCode {
  return APPLICATION[outcome];
}
