import type { Hl7Message } from '../message/hl7-message.ts';
import type { Hl7Problem } from '../message/problem.ts';

export interface CheckResult {
  readonly problems: readonly Hl7Problem[];
}

/** The one result of a check that found nothing: no allocation on the hot path. */
export const nothingFound: CheckResult = { problems: [] };

/**
 * What every message must say about itself beyond what the parser needs. So far that is MSH-10: without a control id a message
 * can neither be acknowledged (MSA-2) nor told from its own resend.
 */
export function checkSyntax(message: Hl7Message): CheckResult {
  if (message.presence(0, 10, 1, 1) === 'value') {
    return nothingFound;
  }
  const problem: Hl7Problem = {
    code: 'E_NO_CONTROL_ID',
    stage: 'validate',
    position: Math.max(message.fieldPosition(0, 10), 0),
    sentence: 'MSH-10 has no message control id: the sender must give each message one of its own.',
  };
  return { problems: [problem] };
}
