import type { FilterFunction } from '../../shared/functions/functions.ts';
import type { Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { RecordGuard } from './record-guard.ts';

export class FilterOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #filter: FilterFunction<unknown>;
  readonly #main: OperatorOutput;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;

  constructor(parts: OperatorParts, filter: FilterFunction<unknown>) {
    this.scope = parts.scope;
    this.#main = parts.main;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#filter = filter;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    if (this.#guard.isWatching && this.#guard.takes(value, timestampMs)) {
      return;
    }
    try {
      if (this.#filter(value)) {
        this.#main.emit(value, timestampMs);
      }
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs);
    }
  }
}
