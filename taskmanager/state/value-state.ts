import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { AggregateFunction, AggregatingState, ReducingState, ValueState } from '../../shared/functions/state.ts';
import type { EpochStore } from './epoch-store.ts';
import type { StateRows } from './key-context.ts';
import type { TimeToLive } from './time-to-live.ts';
import type { ValueCodec } from './value-codec.ts';
import { withUsedAt } from './value-codec.ts';

/** What a state object works with. */
export interface StateAccess<T> {
  readonly rows: StateRows;
  readonly epochs: EpochStore;
  readonly codec: ValueCodec<T>;
  readonly ttl: TimeToLive | undefined;
}

export class KeyedValueState<T> implements ValueState<T> {
  readonly #access: StateAccess<T>;

  constructor(access: StateAccess<T>) {
    this.#access = access;
  }

  value(): T | undefined {
    const { rows, epochs, codec, ttl } = this.#access;
    const binary = epochs.readValue(rows.row);
    if (binary === undefined) {
      return undefined;
    }
    if (ttl !== undefined && !this.#isAlive(binary, ttl)) {
      return undefined;
    }
    return codec.decode(binary);
  }

  update(value: T): void {
    const { rows, epochs, codec, ttl } = this.#access;
    epochs.writeValue(rows.section, rows.row, codec.encode(value, ttl?.nowMs()));
  }

  clear(): void {
    const { rows, epochs } = this.#access;
    if (epochs.readValue(rows.row) !== undefined) {
      epochs.writeValue(rows.section, rows.row, undefined);
    }
  }

  #isAlive(binary: Binary, ttl: TimeToLive): boolean {
    const { rows, epochs } = this.#access;
    if (ttl.isExpired(binary)) {
      epochs.writeValue(rows.section, rows.row, undefined);
      return false;
    }
    const now = ttl.refreshesOnRead ? ttl.nowMs() : undefined;
    if (now !== undefined) {
      epochs.writeValue(rows.section, rows.row, withUsedAt(binary, now));
    }
    return true;
  }
}

export class KeyedReducingState<T> implements ReducingState<T> {
  readonly #value: KeyedValueState<T>;
  readonly #reduce: (a: T, b: T) => T;

  constructor(access: StateAccess<T>, reduce: (a: T, b: T) => T) {
    this.#value = new KeyedValueState(access);
    this.#reduce = reduce;
  }

  get(): T | undefined {
    return this.#value.value();
  }

  add(value: T): void {
    const before = this.#value.value();
    this.#value.update(before === undefined ? value : this.#reduce(before, value));
  }

  clear(): void {
    this.#value.clear();
  }
}

export class KeyedAggregatingState<In, Acc, Out> implements AggregatingState<In, Out> {
  readonly #accumulator: KeyedValueState<Acc>;
  readonly #aggregate: AggregateFunction<In, Acc, Out>;

  constructor(access: StateAccess<Acc>, aggregate: AggregateFunction<In, Acc, Out>) {
    this.#accumulator = new KeyedValueState(access);
    this.#aggregate = aggregate;
  }

  get(): Out | undefined {
    const accumulator = this.#accumulator.value();
    return accumulator === undefined ? undefined : this.#aggregate.result(accumulator);
  }

  add(value: In): void {
    const accumulator = this.#accumulator.value() ?? this.#aggregate.create();
    this.#accumulator.update(this.#aggregate.add(accumulator, value));
  }

  clear(): void {
    this.#accumulator.clear();
  }
}
