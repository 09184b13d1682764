import type { ProcessFunction } from '../../shared/functions/functions.ts';
import { ListStates } from './list-states.ts';
import type { Capture, Operator, OperatorOpenContext } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { OutputContext } from './output-context.ts';
import type { RecordGuard } from './record-guard.ts';
import type { StateContext } from './state-context.ts';

export class ProcessOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #process: ProcessFunction<unknown, unknown>;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;
  readonly #context: OutputContext;
  readonly #lists = new ListStates();

  constructor(parts: OperatorParts, process: ProcessFunction<unknown, unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#process = process;
    this.#context = new OutputContext(parts);
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    if (this.#guard.isWatching && this.#guard.takes(value, timestampMs)) {
      return;
    }
    this.#context.timestamp = timestampMs;
    try {
      this.#process.process(value, this.#context);
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs);
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

  finish(): void {
    this.#context.timestamp = undefined;
    this.#process.finish?.(this.#context);
  }

  close(): void {
    this.#process.close?.();
  }
}
