import type { DuplicatePolicy } from '../../hl7/duplicates/duplicate-policy.ts';
import type { JudgePolicy } from '../../hl7/validate/judge-message.ts';
import type { Contracts } from '../../hl7/validate/check-contract.ts';

/** What the steps of the pipeline decide by: read once, when the job is built, the same in every process. */
export interface PipelinePolicy {
  readonly judge: JudgePolicy;
  readonly contracts: Contracts;
  /** Topics are `<prefix>adt`, `<prefix>dlq` …. */
  readonly topicPrefix: string;
  readonly bytesMax: number;
  /** What becomes of messages that are sent again, of all senders; undefined: as the facility registry says. */
  readonly duplicates: DuplicatePolicy | undefined;
  /** How long a message is remembered so that its resend is recognised. */
  readonly duplicatesWithinMs: number;
  /** Whether changes of a patient's visit are written to `<prefix>encounters`. */
  readonly encounters: boolean;
}
