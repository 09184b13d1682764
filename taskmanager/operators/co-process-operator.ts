import type { CoProcessFunction } from '../../shared/functions/functions.ts';
import { ListStates } from './list-states.ts';
import type { Capture, Operator, OperatorOpenContext } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { OutputContext } from './output-context.ts';
import type { StateContext } from './state-context.ts';

/** Two inputs. Always the head of its chain, since two edges end at it. */
export class CoProcessOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #process: CoProcessFunction<unknown, unknown, unknown>;
  readonly #received: HotCount;
  readonly #context: OutputContext;
  readonly #lists = new ListStates();

  constructor(parts: OperatorParts, process: CoProcessFunction<unknown, unknown, unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#process = process;
    this.#context = new OutputContext(parts);
  }

  record(value: unknown, timestampMs: number | undefined, _key: string | undefined, input: 0 | 1): void {
    this.#received.value += 1;
    this.#context.timestamp = timestampMs;
    try {
      if (input === 0) {
        this.#process.process1(value, this.#context);
      } else {
        this.#process.process2(value, this.#context);
      }
    } catch (error) {
      throw placed(error, this.scope);
    }
  }

  async restore(context: StateContext): Promise<void> {
    this.#lists.restore(context);
    await Promise.resolve();
  }

  open(context: OperatorOpenContext): void {
    this.#process.open?.({ ...context, operatorState: this.#lists.access });
  }

  capture(): Capture {
    return this.#lists.capture();
  }

  close(): void {
    this.#process.close?.();
  }
}
