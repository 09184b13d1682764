import type { ProcessFunction } from '../../shared/functions/functions.ts';
import type { RuntimeContext } from '../../shared/functions/runtime-context.ts';
import type { Operator } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { OutputContext } from './output-context.ts';

export class ProcessOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #process: ProcessFunction<unknown, unknown>;
  readonly #received: HotCount;
  readonly #context: OutputContext;

  constructor(parts: OperatorParts, process: ProcessFunction<unknown, unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#process = process;
    this.#context = new OutputContext(parts);
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    this.#context.timestamp = timestampMs;
    try {
      this.#process.process(value, this.#context);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }

  open(context: RuntimeContext): void {
    this.#process.open?.(context);
  }

  finish(): void {
    this.#context.timestamp = undefined;
    this.#process.finish?.(this.#context);
  }

  close(): void {
    this.#process.close?.();
  }
}
