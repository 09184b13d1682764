import type { CoProcessFunction } from '../../shared/functions/functions.ts';
import { ListStates } from './list-states.ts';
import type { Capture, Operator, OperatorOpenContext } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { OutputContext } from './output-context.ts';
import type { RecordGuard } from './record-guard.ts';
import type { StateContext } from './state-context.ts';

/** Two inputs. Always the head of its chain, since two edges end at it. */
export class CoProcessOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #process: CoProcessFunction<unknown, unknown, unknown>;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;
  readonly #context: OutputContext;
  readonly #lists = new ListStates();

  constructor(parts: OperatorParts, process: CoProcessFunction<unknown, unknown, unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#process = process;
    this.#context = new OutputContext(parts);
  }

  record(value: unknown, timestampMs: number | undefined, key: string | undefined, input: 0 | 1): void {
    this.#received.value += 1;
    if (this.#guard.isWatching && this.#guard.takes(value, timestampMs, key, input)) {
      return;
    }
    this.#context.timestamp = timestampMs;
    try {
      if (input === 0) {
        this.#process.process1(value, this.#context);
      } else {
        this.#process.process2(value, this.#context);
      }
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs, key, input);
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
