import type { FlatMapFunction } from '../../shared/functions/functions.ts';
import type { Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';
import type { RecordGuard } from './record-guard.ts';
import type { Resumable, Suspensions } from './suspensions.ts';

interface Waiting {
  readonly value: unknown;
  readonly timestampMs: number | undefined;
}

/**
 * Emits what the function's iterable yields. An array is emitted whole (it is in memory anyway); any other iterable is taken
 * from only while the outputs have room, and goes on later: one record may yield without bound.
 *
 * I1  Values leave in the order of their records: while one record's iterator is suspended, further records (from an operator
 *     before it that emits several at once) wait in a queue.
 */
export class FlatMapOperator implements Operator, Resumable {
  readonly scope: OperatorScope;
  readonly #flatMap: FlatMapFunction<unknown, unknown>;
  readonly #main: OperatorOutput;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;
  readonly #pressure: OutputPressure;
  readonly #suspensions: Suspensions;
  readonly #place: number;
  readonly #waiting: Waiting[] = [];
  #iterator: Iterator<unknown> | undefined;
  /** Of the record whose values the iterator yields. */
  #value: unknown;
  #timestampMs: number | undefined;

  constructor(parts: OperatorParts, flatMap: FlatMapFunction<unknown, unknown>) {
    this.scope = parts.scope;
    this.#main = parts.main;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#pressure = parts.pressure;
    this.#suspensions = parts.suspensions;
    this.#place = parts.place;
    this.#flatMap = flatMap;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    if (this.#iterator !== undefined) {
      this.#waiting.push({ value, timestampMs });
      return;
    }
    if (!this.#emitAll(value, timestampMs)) {
      this.#suspensions.add(this.#place, this);
    }
  }

  resume(): boolean {
    if (!this.#drainIterator()) {
      return false;
    }
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!this.#emitAll(next.value, next.timestampMs)) {
        return false;
      }
    }
    return true;
  }

  close(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    this.#value = undefined;
    this.#waiting.length = 0;
    iterator?.return?.();
  }

  /** False when the iterator was suspended. */
  #emitAll(value: unknown, timestampMs: number | undefined): boolean {
    if (this.#guard.isWatching && this.#guard.takes(value, timestampMs)) {
      return true;
    }
    try {
      const values = this.#flatMap(value);
      if (Array.isArray(values)) {
        for (const each of values) {
          this.#main.emit(each, timestampMs);
        }
        return true;
      }
      this.#iterator = values[Symbol.iterator]();
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs);
    }
    this.#value = value;
    this.#timestampMs = timestampMs;
    return this.#drainIterator();
  }

  #drainIterator(): boolean {
    try {
      while (this.#iterator !== undefined) {
        if (this.#pressure.isBlocked) {
          return false;
        }
        const next = this.#iterator.next();
        if (next.done === true) {
          this.#iterator = undefined;
          this.#value = undefined;
        } else {
          this.#main.emit(next.value, this.#timestampMs);
        }
      }
      return true;
    } catch (error) {
      throw this.#guard.failed(error, this.#value, this.#timestampMs);
    }
  }
}
