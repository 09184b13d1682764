import type { Logger } from '../log/logger.ts';
import type { MetricGroup } from '../metrics/metrics.ts';
import type {
  AggregatingState,
  AggregatingStateDescriptor,
  LargeMapState,
  LargeMapStateDescriptor,
  ListState,
  ListStateDescriptor,
  MapState,
  MapStateDescriptor,
  OperatorListState,
  OperatorListStateDescriptor,
  ReducingState,
  ReducingStateDescriptor,
  ValueState,
  ValueStateDescriptor,
} from './state.ts';

/** State of the subtask as such, without keys. Each descriptor once, while the function opens. */
export interface OperatorStateAccess {
  list<T>(descriptor: OperatorListStateDescriptor<T>): OperatorListState<T>;
}

/** Keyed state of the operator. Each descriptor once, while the function opens. */
export interface KeyedStateAccess {
  value<T>(descriptor: ValueStateDescriptor<T>): ValueState<T>;
  list<T>(descriptor: ListStateDescriptor<T>): ListState<T>;
  map<T>(descriptor: MapStateDescriptor<T>): MapState<T>;
  largeMap<T>(descriptor: LargeMapStateDescriptor<T>): LargeMapState<T>;
  reducing<T>(descriptor: ReducingStateDescriptor<T>): ReducingState<T>;
  aggregating<In, Acc, Out>(descriptor: AggregatingStateDescriptor<In, Acc, Out>): AggregatingState<In, Out>;
}

/** What a user function is told when its subtask opens. */
export interface RuntimeContext {
  readonly jobName: string;
  /** The operator's uid. */
  readonly uid: string;
  readonly subtask: number;
  readonly parallelism: number;
  /** From 1; a restart is a new attempt. */
  readonly attempt: number;
  readonly metrics: MetricGroup;
  readonly logger: Logger;
  /** Wall-clock time in epoch milliseconds: how a function asks for the time, so that tests decide it. */
  readonly now: () => number;
  readonly operatorState: OperatorStateAccess;
}

export interface KeyedRuntimeContext extends RuntimeContext {
  readonly state: KeyedStateAccess;
}
