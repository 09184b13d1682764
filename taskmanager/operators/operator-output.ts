import type { EdgeOutput } from '../exchange/edge-output.ts';
import type { RecordTarget } from './operator.ts';
import type { HotCount } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';

/**
 * One output of one operator: the operators chained to it, then the edges to other subtasks. Chained consumers are handed
 * the same object, in the order of the job's edges; a value must not be changed after it was emitted.
 */
export class OperatorOutput {
  readonly #chained: readonly RecordTarget[];
  readonly #edges: readonly EdgeOutput[];
  readonly #pressure: OutputPressure;
  readonly #count: HotCount;

  constructor(options: {
    readonly chained: readonly RecordTarget[];
    readonly edges: readonly EdgeOutput[];
    readonly pressure: OutputPressure;
    readonly count: HotCount;
  }) {
    this.#chained = options.chained;
    this.#edges = options.edges;
    this.#pressure = options.pressure;
    this.#count = options.count;
  }

  emit(value: unknown, timestampMs: number | undefined): void {
    this.#count.value += 1;
    for (const target of this.#chained) {
      target.record(value, timestampMs, undefined, 0);
    }
    for (const edge of this.#edges) {
      edge.writeRecord(value, timestampMs);
      this.#pressure.check(edge);
    }
  }
}
