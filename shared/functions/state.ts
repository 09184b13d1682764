import { invariant } from '../invariant.ts';
import type { Serializer } from '../serialization/serializer.ts';

/**
 * State as users declare and use it. A state belongs to an operator (by its uid) and has a name there; keyed state has one
 * value for each key. It is part of every checkpoint, survives failures and rescaling, and may be larger than memory.
 *
 * A descriptor is made once, at the top of the job's module. Reads and writes are synchronous: the runtime has fetched the
 * state of a record's key before the function is called. What is read is a copy; a change counts when it is written.
 */
export interface StateTtl {
  /** A value expires so many milliseconds after it was last written (or read, with `on-read-and-write`). */
  readonly ms: number;
  /** Whose time: the watermark's, or the machine's. By event time nothing expires before the first watermark. */
  readonly time: 'event' | 'processing';
  readonly refresh?: 'on-write' | 'on-read-and-write';
}

export interface StateOptions<T> {
  /** Unique within the operator. */
  readonly name: string;
  /** Of the values' shape, from 1 to 126; 1 when absent. Raise it together with `migrate`. */
  readonly version?: number;
  /** Turns a value that was written under an older version into a present one. Called when such a value is read. */
  readonly migrate?: (old: unknown, version: number) => T;
  readonly ttl?: StateTtl;
  /**
   * Default: msgpackr, for plain data (objects, arrays, strings, numbers, bigints, dates, sets, bytes; no Map, no classes, no
   * field called `__proto__`).
   */
  readonly serializer?: Serializer<T>;
}

interface Descriptor<Kind extends string, T> {
  readonly kind: Kind;
  readonly options: StateOptions<T>;
}

export type ValueStateDescriptor<T> = Descriptor<'value', T>;
export type ListStateDescriptor<T> = Descriptor<'list', T>;
export type MapStateDescriptor<T> = Descriptor<'map', T>;
export type LargeMapStateDescriptor<T> = Descriptor<'large-map', T>;

export interface ReducingStateDescriptor<T> extends Descriptor<'reducing', T> {
  readonly reduce: (a: T, b: T) => T;
}

export interface AggregateFunction<In, Acc, Out> {
  create(): Acc;
  add(accumulator: Acc, value: In): Acc;
  result(accumulator: Acc): Out;
  /** For windows that merge (sessions). */
  merge(a: Acc, b: Acc): Acc;
}

export interface AggregatingStateDescriptor<In, Acc, Out> extends Descriptor<'aggregating', Acc> {
  readonly aggregate: AggregateFunction<In, Acc, Out>;
}

export interface ValueState<T> {
  /** Undefined when there is none, or it has expired. */
  value(): T | undefined;
  update(value: T): void;
  clear(): void;
}

export interface ListState<T> {
  /** In the order in which they were added. */
  get(): readonly T[];
  add(value: T): void;
  addAll(values: Iterable<T>): void;
  /** Replaces the list. */
  update(values: Iterable<T>): void;
  clear(): void;
}

/** A map that fits into memory for each key: it is fetched whole. Its keys are strings. */
export interface MapState<T> {
  get(key: string): T | undefined;
  has(key: string): boolean;
  set(key: string, value: T): void;
  delete(key: string): void;
  /** In no particular order. */
  keys(): Iterable<string>;
  entries(): Iterable<readonly [string, T]>;
  readonly isEmpty: boolean;
  /** How many entries there are; cheaper than going over them. */
  readonly size: number;
  clear(): void;
}

/**
 * A map of any size: entries are fetched one by one, so reads are asynchronous, and only operators that may wait can use it.
 * `entries` sees the map as it was when it was called, in byte order of the keys.
 */
export interface LargeMapState<T> {
  get(key: string): Promise<T | undefined>;
  set(key: string, value: T): void;
  delete(key: string): void;
  entries(): AsyncIterable<readonly [string, T]>;
  clear(): void;
}

export interface ReducingState<T> {
  get(): T | undefined;
  add(value: T): void;
  clear(): void;
}

export interface AggregatingState<In, Out> {
  get(): Out | undefined;
  add(value: In): void;
  clear(): void;
}

export function valueState<T>(options: StateOptions<T>): ValueStateDescriptor<T> {
  return { kind: 'value', options: checked(options) };
}

export function listState<T>(options: StateOptions<T>): ListStateDescriptor<T> {
  return { kind: 'list', options: checked(options) };
}

export function mapState<T>(options: StateOptions<T>): MapStateDescriptor<T> {
  return { kind: 'map', options: checked(options) };
}

export function largeMapState<T>(options: StateOptions<T>): LargeMapStateDescriptor<T> {
  return { kind: 'large-map', options: checked(options) };
}

export function reducingState<T>(
  options: StateOptions<T> & { readonly reduce: (a: T, b: T) => T },
): ReducingStateDescriptor<T> {
  return { kind: 'reducing', options: checked(options), reduce: options.reduce };
}

export function aggregatingState<In, Acc, Out>(
  options: StateOptions<Acc> & { readonly aggregate: AggregateFunction<In, Acc, Out> },
): AggregatingStateDescriptor<In, Acc, Out> {
  return { kind: 'aggregating', options: checked(options), aggregate: options.aggregate };
}

/**
 * State of a subtask as such, without keys: a list that is dealt out anew when the parallelism changes.
 *   split  each subtask receives some of the elements, each element goes to one
 *   union  each subtask receives all elements of all, and keeps what it wants
 */
export interface OperatorListStateDescriptor<T> {
  readonly kind: 'operator-list';
  readonly redistribution: 'split' | 'union';
  readonly options: StateOptions<T>;
}

export function operatorListState<T>(
  options: StateOptions<T> & { readonly redistribution: 'split' | 'union' },
): OperatorListStateDescriptor<T> {
  return { kind: 'operator-list', redistribution: options.redistribution, options: checked(options) };
}

export interface OperatorListState<T> {
  get(): readonly T[];
  add(value: T): void;
  update(values: Iterable<T>): void;
  clear(): void;
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const VERSION_MAX = 126;

function checked<T>(options: StateOptions<T>): StateOptions<T> {
  const { name, version = 1, ttl } = options;
  invariant(NAME.test(name), `a state's name must be 1 to 64 of [A-Za-z0-9_-] and begin with a letter, got "${name}"`);
  const isVersion = Number.isInteger(version) && version >= 1 && version <= VERSION_MAX;
  invariant(isVersion, `the version of state ${name} must be a whole number from 1 to ${VERSION_MAX}, got ${version}`);
  invariant(ttl === undefined || ttl.ms > 0, `the time to live of state ${name} must be positive`);
  return options;
}
