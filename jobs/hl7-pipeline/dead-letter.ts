import { outputTag } from '../../index.ts';
import type { OutputRecord, ProcessContext, RuntimeContext } from '../../index.ts';
import type { Hl7Problem } from '../../hl7/message/problem.ts';
import { originHeaders } from './origin.ts';
import type { Origin } from './origin.ts';
import { outputRecordSerializer } from './output-record-serializer.ts';
import { topicOf } from './route.ts';

/** Where refused messages leave the steps: ready to be written. */
export const deadLetters = outputTag<OutputRecord>('dead-letters', outputRecordSerializer);

/**
 * Makes dead letters: the raw bytes unchanged as value; where the message came from, where it failed and why as headers.
 * `detail` says what is wrong and at which byte, and holds nothing of the message.
 */
export class DeadLetters {
  readonly #topic: string;
  readonly #metrics: RuntimeContext['metrics'];

  constructor(topicPrefix: string, context: RuntimeContext) {
    this.#topic = topicOf(topicPrefix, 'dlq');
    this.#metrics = context.metrics;
  }

  /** Sends a refused message to the side output. `warnings`: the codes of what was odd before it was refused. */
  send(context: ProcessContext<never>, refused: RefusedMessage): void {
    const { bytes, origin, problem, warnings } = refused;
    this.#metrics.counter('hl7_dead_letters', { stage: problem.stage, reason: problem.code }).add();
    context.sideOutput(deadLetters, {
      topic: this.#topic,
      key: refused.key,
      value: bytes,
      headers: {
        ...originHeaders(origin, warnings ?? ''),
        stage: problem.stage,
        reason: problem.code,
        detail: `${problem.sentence} (byte ${problem.position})`,
      },
    });
  }
}

export interface RefusedMessage {
  readonly bytes: Buffer;
  readonly origin: Origin;
  readonly problem: Hl7Problem;
  readonly warnings?: string;
  /** The patient key, once it is known. */
  readonly key?: string | undefined;
}
