import type { MapFunction } from '../../shared/functions/functions.ts';
import type { Operator } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { RecordGuard } from './record-guard.ts';

export class MapOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #map: MapFunction<unknown, unknown>;
  readonly #main: OperatorOutput;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;

  constructor(parts: OperatorParts, map: MapFunction<unknown, unknown>) {
    this.scope = parts.scope;
    this.#main = parts.main;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#map = map;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    if (this.#guard.isWatching && this.#guard.takes(value, timestampMs)) {
      return;
    }
    try {
      this.#main.emit(this.#map(value), timestampMs);
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs);
    }
  }
}
