import type { FilterFunction } from '../../shared/functions/functions.ts';
import type { Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';

export class FilterOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #filter: FilterFunction<unknown>;
  readonly #main: OperatorOutput;
  readonly #received: HotCount;

  constructor(parts: OperatorParts, filter: FilterFunction<unknown>) {
    this.scope = parts.scope;
    this.#main = parts.main;
    this.#received = parts.received;
    this.#filter = filter;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    if (this.#passes(value)) {
      this.#main.emit(value, timestampMs);
    }
  }

  #passes(value: unknown): boolean {
    try {
      return this.#filter(value);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }
}
