import type { JudgePolicy } from '../../hl7/validate/judge-message.ts';
import type { Contracts } from '../../hl7/validate/check-contract.ts';

/** What the steps of the pipeline decide by: read once, when the job is built, the same in every process. */
export interface PipelinePolicy {
  readonly judge: JudgePolicy;
  readonly contracts: Contracts;
  /** Topics are `<prefix>adt`, `<prefix>dlq` …. */
  readonly topicPrefix: string;
  readonly bytesMax: number;
}
