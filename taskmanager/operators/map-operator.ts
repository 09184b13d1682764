import type { MapFunction } from '../../shared/functions/functions.ts';
import type { Operator } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed } from './operator-scope.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';

export class MapOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #map: MapFunction<unknown, unknown>;
  readonly #main: OperatorOutput;
  readonly #received: HotCount;

  constructor(parts: OperatorParts, map: MapFunction<unknown, unknown>) {
    this.scope = parts.scope;
    this.#main = parts.main;
    this.#received = parts.received;
    this.#map = map;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    this.#main.emit(this.#apply(value), timestampMs);
  }

  #apply(value: unknown): unknown {
    try {
      return this.#map(value);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }
}
