import { lengthPrefixed, sectionOf } from '../../shared/checkpoint/state-key-parts.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { StateKind } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  LargeMapState,
  LargeMapStateDescriptor,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  StateOptions,
  ValueState,
  ValueStateDescriptor,
} from '../../shared/functions/state.ts';
import { invariant } from '../../shared/invariant.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { RowRequest } from './fetch-plan.ts';
import { KeyContext, StateRows } from './key-context.ts';
import type { KeyPart } from './key-context.ts';
import type { KeyedStore } from './keyed-store.ts';
import { KeyedLargeMapState } from './large-map-state.ts';
import type { Lease } from './lease.ts';
import { KeyedListState, KeyedMapState } from './map-state.ts';
import type { StateDictionary } from './state-dictionary.ts';
import { TimeToLive } from './time-to-live.ts';
import type { StateClock } from './time-to-live.ts';
import { TtlSweeper } from './ttl-sweeper.ts';
import { ValueCodec } from './value-codec.ts';
import { KeyedAggregatingState, KeyedReducingState, KeyedValueState } from './value-state.ts';
import type { StateAccess } from './value-state.ts';

export interface KeyedStateOptions {
  readonly store: KeyedStore;
  readonly dictionary: StateDictionary;
  readonly maxParallelism: number;
  readonly range: KeyGroupRange;
  readonly clock: StateClock;
}

/** A key whose state is about to be used, in one namespace (a window) or in none. */
export interface KeyAndNamespace {
  readonly key: KeyPart;
  readonly namespace?: Binary;
}

/**
 * All keyed state of one operator's subtask. The operator declares its states when it opens; for each batch of records it calls
 * `prefetch` with their keys, then for each record `setKey`, and the states speak of that key.
 */
export class KeyedState {
  readonly context: KeyContext;
  readonly sweeper: TtlSweeper;
  readonly #options: KeyedStateOptions;
  #declared = 0;
  #isSealed = false;
  readonly #fetched: { readonly kind: 'value' | 'map'; readonly rows: StateRows }[] = [];

  constructor(options: KeyedStateOptions) {
    this.#options = options;
    this.context = new KeyContext(options.maxParallelism, options.range);
    this.sweeper = new TtlSweeper(options.store, options.range);
  }

  /** How many states the operator has declared. */
  get declared(): number {
    return this.#declared;
  }

  /** No state is declared any more: of the records that come now, all states have been fetched. */
  seal(): void {
    this.#isSealed = true;
  }

  value<T>(descriptor: ValueStateDescriptor<T>): ValueState<T> {
    return new KeyedValueState(this.#declare('value', descriptor.options));
  }

  list<T>(descriptor: ListStateDescriptor<T>): ListState<T> {
    return new KeyedListState(this.#declare('list', descriptor.options));
  }

  map<T>(descriptor: MapStateDescriptor<T>): MapState<T> {
    return new KeyedMapState(this.#declare('map', descriptor.options));
  }

  largeMap<T>(descriptor: LargeMapStateDescriptor<T>): LargeMapState<T> {
    return new KeyedLargeMapState(this.#declare('large-map', descriptor.options), this.#options.store);
  }

  reducing<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T> {
    return new KeyedReducingState(this.#declare('reducing', descriptor.options), descriptor.reduce);
  }

  aggregating<In, Acc, Out>(descriptor: AggregatingStateDescriptor<In, Acc, Out>): AggregatingState<In, Out> {
    return new KeyedAggregatingState(this.#declare('aggregating', descriptor.options), descriptor.aggregate);
  }

  /** From now on the states speak of this key, and namespace. The key's rows must be leased. */
  setKey(key: KeyPart, namespace?: Binary): void {
    this.context.set(key, namespace);
  }

  /** Fetches all declared states of the keys (large maps excepted); a promise only when the local store must be asked. */
  prefetch(keys: readonly KeyAndNamespace[]): Lease | Promise<Lease> {
    const requests: RowRequest[] = [];
    for (const { key, namespace } of keys) {
      const namespacePart = lengthPrefixed(namespace ?? '');
      for (const { kind, rows } of this.#fetched) {
        requests.push({ kind, section: sectionOf(key.keyGroup, rows.id), row: rows.rowOf(key, namespacePart) });
      }
    }
    return this.#options.store.prefetch(requests);
  }

  #declare<T>(kind: StateKind, options: StateOptions<T>): StateAccess<T> {
    const { store, dictionary, clock } = this.#options;
    invariant(!this.#isSealed, `state ${options.name} is declared too late: states are declared in open`);
    this.#declared += 1;
    const codec = new ValueCodec(options);
    const state = { name: options.name, kind, version: options.version ?? 1, serializer: codec.serializerId };
    const id = dictionary.declare(state, options.migrate !== undefined);
    const rows = new StateRows(id, this.context);
    const ttl = options.ttl === undefined ? undefined : new TimeToLive(options.ttl, clock);
    if (kind !== 'large-map') {
      this.#fetched.push({ kind: kind === 'list' || kind === 'map' ? 'map' : 'value', rows });
    }
    if (ttl !== undefined) {
      this.sweeper.add(id, ttl);
    }
    return { rows, epochs: store.epochs, codec, ttl };
  }
}
