import type { ProcessContext, ProcessFunction, RuntimeContext } from '../../index.ts';
import { splitBatch } from '../../hl7/batch/split-batch.ts';
import type { FacilityLookup } from '../../hl7/facility/facility-registry.ts';
import type { Hl7Message } from '../../hl7/message/hl7-message.ts';
import type { Hl7Problem, Hl7Warning } from '../../hl7/message/problem.ts';
import { parseFromSender } from '../../hl7/validate/judge-message.ts';
import { DeadLetters } from './dead-letter.ts';
import type { Frame } from './decode-frames.ts';
import { originOfMember } from './origin.ts';
import type { Origin } from './origin.ts';
import type { PipelinePolicy } from './pipeline-policy.ts';

/** A message that could be read. The steps that follow add their warnings to `warnings`. */
export interface ParsedMessage {
  readonly bytes: Buffer;
  readonly origin: Origin;
  readonly message: Hl7Message;
  readonly sender: FacilityLookup;
  readonly warnings: Hl7Warning[];
  /** When the pipeline took the message in, epoch milliseconds. */
  readonly ingestedMs: number;
}

/** Parses payloads; takes batches apart that the frame decoder left whole. What cannot be read is a dead letter. */
export class Parse implements ProcessFunction<Frame, ParsedMessage> {
  readonly #policy: PipelinePolicy;
  #deadLetters: DeadLetters | undefined;
  #now: () => number = () => 0;

  constructor(policy: PipelinePolicy) {
    this.#policy = policy;
  }

  open(context: RuntimeContext): void {
    this.#deadLetters = new DeadLetters(this.#policy.topicPrefix, context);
    this.#now = context.now;
  }

  process(frame: Frame, context: ProcessContext<ParsedMessage>): void {
    if (frame.kind === 'refused') {
      this.#deadLetters?.send(context, frame);
      return;
    }
    this.#parse(frame.bytes, frame.origin, frame.maySplit, context);
  }

  #parse(bytes: Buffer, origin: Origin, maySplit: boolean, context: ProcessContext<ParsedMessage>): void {
    const parsed = parseFromSender(bytes, this.#policy.judge);
    if (parsed.kind === 'parsed') {
      const { message, sender, warnings } = parsed;
      context.emit({ bytes, origin, message, sender, warnings, ingestedMs: this.#now() });
      return;
    }
    if (maySplit && parsed.problem.stage === 'parse' && parsed.problem.code !== 'E_TOO_LARGE') {
      const split = splitBatch(bytes);
      if (split.kind === 'batch' && split.members.length > 0) {
        for (const member of split.members) {
          this.#parse(member.bytes, originOfMember(origin, member.index), false, context);
        }
        return;
      }
    }
    this.#refuse(bytes, origin, parsed.problem, context);
  }

  #refuse(bytes: Buffer, origin: Origin, problem: Hl7Problem, context: ProcessContext<ParsedMessage>): void {
    // E_BATCH asks to split first; what is left whole after that is an envelope around nothing.
    const told: Hl7Problem =
      problem.code === 'E_BATCH'
        ? { ...problem, code: 'E_NOT_HL7', sentence: 'The batch envelope holds no message: there is no MSH in it.' }
        : problem;
    this.#deadLetters?.send(context, { bytes, origin, problem: told });
  }
}
