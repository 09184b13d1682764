import type { OutputRecord, ProcessContext, ProcessFunction, RuntimeContext } from '../../index.ts';
import { encodeRecord } from '../../hl7/extract/extract-record.ts';
import type { Hl7Problem } from '../../hl7/message/problem.ts';
import { checkContract } from '../../hl7/validate/check-contract.ts';
import { DeadLetters } from './dead-letter.ts';
import { originHeaders } from './origin.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import { topicOf } from './route.ts';
import type { RecordElement } from './typed-record.ts';

/**
 * Checks the record against the JSON Schema of its topic, right before it is encoded and leaves. A violation is a dead letter
 * with the raw message, or a warning, as the sender's mode says.
 */
export class CheckContract implements ProcessFunction<RecordElement, OutputRecord> {
  readonly #policy: PipelinePolicy;
  #deadLetters: DeadLetters | undefined;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
  }

  open(context: RuntimeContext): void {
    this.#deadLetters = new DeadLetters(this.#policy.topicPrefix, context);
  }

  process({ element, record }: RecordElement, context: ProcessContext<OutputRecord>): void {
    const { bytes, origin, sender, route, key } = element.fields;
    let { warnings } = element.fields;
    if (sender.contract !== 'off') {
      const problem = checkContract(this.#policy.contracts, route, record).problems[0];
      if (problem !== undefined && sender.contract === 'dead-letter') {
        this.#deadLetters?.send(context, { bytes, origin, problem, warnings, key });
        return;
      }
      warnings = problem === undefined ? warnings : warnings === '' ? 'W_CONTRACT' : `${warnings},W_CONTRACT`;
    }
    const value = encodeRecord(record);
    if (value.length > this.#policy.bytesMax) {
      const problem = recordTooLarge(value.length, this.#policy.bytesMax);
      this.#deadLetters?.send(context, { bytes, origin, problem, warnings, key });
      return;
    }
    context.emit({
      topic: topicOf(this.#policy.topicPrefix, route),
      key,
      value,
      headers: originHeaders(origin, warnings),
    });
  }
}

/** JSON may be larger than the message it was made of; the message itself is within the limit. */
function recordTooLarge(bytes: number, bytesMax: number): Hl7Problem {
  const sentence = `The typed record has ${bytes} bytes, more than the limit of ${bytesMax}.`;
  return { code: 'E_TOO_LARGE', stage: 'contract', position: 0, sentence };
}
