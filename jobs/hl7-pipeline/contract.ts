import type { OutputRecord, ProcessContext, ProcessFunction, RuntimeContext } from '../../index.ts';
import { DeadLetters } from './dead-letter.ts';
import { OutputContract } from './output-contract.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import type { RecordElement } from './typed-record.ts';

/**
 * Checks the record of a message without a patient right before it leaves. A violation is a dead letter with the raw message,
 * or a warning, as the sender's mode says.
 */
export class CheckContract implements ProcessFunction<RecordElement, OutputRecord> {
  readonly #policy: PipelinePolicy;
  readonly #contract: OutputContract;
  #deadLetters: DeadLetters | undefined;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
    this.#contract = new OutputContract(policy);
  }

  open(context: RuntimeContext): void {
    this.#deadLetters = new DeadLetters(this.#policy.topicPrefix, context);
  }

  process({ element, record }: RecordElement, context: ProcessContext<OutputRecord>): void {
    const checked = this.#contract.check(element, record);
    const encoded = checked.kind === 'kept' ? this.#contract.encode(element, record, checked.warnings) : checked;
    if (encoded.kind === 'record') {
      context.emit(encoded.output);
      return;
    }
    const { bytes, origin, warnings, key } = element.fields;
    this.#deadLetters?.send(context, { bytes, origin, problem: encoded.problem, warnings, key });
  }
}
