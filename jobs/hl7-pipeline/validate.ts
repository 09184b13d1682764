import type { ProcessContext, ProcessFunction, RuntimeContext } from '../../index.ts';
import { validateMessage } from '../../hl7/validate/judge-message.ts';
import { DeadLetters } from './dead-letter.ts';
import type { ParsedMessage } from './parse.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import { warningCodes } from './warning-codes.ts';

/** Checks the sender, the syntax and the HL7 profile, each as its mode says; what is refused is a dead letter. */
export class Validate implements ProcessFunction<ParsedMessage, ParsedMessage> {
  readonly #policy: PipelinePolicy;
  #deadLetters: DeadLetters | undefined;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
  }

  open(context: RuntimeContext): void {
    this.#deadLetters = new DeadLetters(this.#policy.topicPrefix, context);
  }

  process(parsed: ParsedMessage, context: ProcessContext<ParsedMessage>): void {
    const { bytes, origin, message, sender, warnings } = parsed;
    const problem = validateMessage(message, sender, this.#policy.judge, warnings);
    if (problem === undefined) {
      context.emit(parsed);
      return;
    }
    this.#deadLetters?.send(context, { bytes, origin, problem, warnings: warningCodes(warnings) });
  }
}
