import type { KeyedProcessFunction } from '../../shared/functions/functions.ts';
import type { RuntimeContext } from '../../shared/functions/runtime-context.ts';
import type { Operator } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { OutputContext } from './output-context.ts';

/** Always the head of its chain: the key came with the record over a hash edge. */
export class KeyedProcessOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #process: KeyedProcessFunction<unknown, unknown>;
  readonly #received: HotCount;
  readonly #context: OutputContext;

  constructor(parts: OperatorParts, process: KeyedProcessFunction<unknown, unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#process = process;
    this.#context = new OutputContext(parts);
  }

  record(value: unknown, timestampMs: number | undefined, key: string | undefined): void {
    this.#received.value += 1;
    this.#context.timestamp = timestampMs;
    this.#context.key = key;
    try {
      this.#process.process(value, this.#context);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }

  open(context: RuntimeContext): void {
    this.#process.open?.(context);
  }

  close(): void {
    this.#process.close?.();
  }
}
