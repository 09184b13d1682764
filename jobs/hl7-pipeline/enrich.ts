import type { ProcessContext, ProcessFunction, RuntimeContext } from '../../index.ts';
import type { WarningCode } from '../../hl7/message/problem.ts';
import { chooseKey } from '../../hl7/validate/judge-message.ts';
import { DeadLetters } from './dead-letter.ts';
import { Hl7Element } from './hl7-element.ts';
import type { ParsedMessage } from './parse.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';
import { Senders } from './sender.ts';
import { warningCodes } from './warning-codes.ts';

type Counter = ReturnType<RuntimeContext['metrics']['counter']>;

/**
 * Adds what the message does not say itself: source system, facility and time zone of its sender, where it goes and whose it is.
 * A patient's message that names no patient is a dead letter.
 */
export class Enrich implements ProcessFunction<ParsedMessage, Hl7Element> {
  readonly #policy: PipelinePolicy;
  readonly #senders = new Senders();
  #deadLetters: DeadLetters | undefined;
  #metrics: RuntimeContext['metrics'] | undefined;
  readonly #warningCounts = new Map<WarningCode, Counter>();

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
  }

  open(context: RuntimeContext): void {
    this.#deadLetters = new DeadLetters(this.#policy.topicPrefix, context);
    this.#metrics = context.metrics;
  }

  process(parsed: ParsedMessage, context: ProcessContext<Hl7Element>): void {
    const { bytes, origin, message, warnings, ingestedMs } = parsed;
    const { settings } = parsed.sender;
    const chosen = chooseKey(message, settings, warnings);
    if (chosen.kind === 'no-patient') {
      this.#deadLetters?.send(context, { bytes, origin, problem: chosen.problem, warnings: warningCodes(warnings) });
      return;
    }
    for (const { code } of warnings) {
      this.#countWarning(code);
    }
    const sender = this.#senders.of(settings, {
      application: message.value(0, 3),
      contract: this.#policy.judge.modes?.contract ?? settings.validation.contract,
      duplicates: this.#policy.duplicates ?? settings.duplicates,
      isCharsetUsed: settings.charset !== undefined && message.presence(0, 18) !== 'value',
    });
    const { route, key } = chosen;
    context.emit(
      new Hl7Element({ bytes, origin, ingestedMs, sender, route, key, warnings: warningCodes(warnings) }, message),
    );
  }

  #countWarning(code: WarningCode): void {
    const known = this.#warningCounts.get(code);
    if (known !== undefined) {
      known.add();
      return;
    }
    const counter = this.#metrics?.counter('hl7_warnings', { code });
    if (counter !== undefined) {
      this.#warningCounts.set(code, counter);
      counter.add();
    }
  }
}
