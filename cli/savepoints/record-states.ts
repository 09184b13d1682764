import type { StateKind } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type {
  KeyedRuntimeContext,
  KeyedStateAccess,
  OperatorStateAccess,
} from '../../shared/functions/runtime-context.ts';
import type { OperatorListStateDescriptor, StateOptions } from '../../shared/functions/state.ts';
import type { LogicalNode } from '../../shared/graph/logical-graph.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';

/** A state as an operator declares it when it opens. */
export interface DeclaredState {
  readonly name: string;
  readonly kind: StateKind;
  readonly version: number;
  readonly serializer: string;
  readonly canMigrate: boolean;
}

export interface DeclaredList {
  readonly name: string;
  readonly redistribution: 'split' | 'union';
}

export type DeclaredStates =
  | { readonly kind: 'declared'; readonly states: readonly DeclaredState[]; readonly lists: readonly DeclaredList[] }
  /** The function threw when it was opened here, outside of a task. */
  | { readonly kind: 'unknown'; readonly why: string };

const DEFAULT_SERIALIZER = 'msgpackr/1';

/**
 * What states an operator has. They are declared when its function opens, so it is opened here (in a thread that is ended afterwards,
 * node-declare-states.ts), with a context that takes the declarations down and gives states that hold nothing. No record is ever handed
 * to it.
 */
export function recordStates({ operator, uid }: LogicalNode, jobName: string): DeclaredStates {
  const states: DeclaredState[] = [];
  const lists: DeclaredList[] = [];
  const context = recordingContext(uid, jobName, { states, lists });
  try {
    if ('process' in operator) {
      operator.process.open?.(context);
      operator.process.close?.();
    }
    return { kind: 'declared', states, lists };
  } catch (error) {
    return { kind: 'unknown', why: error instanceof Error ? `${error.name}: ${error.message}` : 'no error was thrown' };
  }
}

interface Recorded {
  readonly states: DeclaredState[];
  readonly lists: DeclaredList[];
}

function recordingContext(uid: string, jobName: string, recorded: Recorded): KeyedRuntimeContext {
  return {
    jobName,
    uid,
    subtask: 0,
    parallelism: 1,
    attempt: 1,
    metrics: NO_METRICS,
    logger: silentLogger,
    now: () => 0,
    operatorState: operatorStates(recorded),
    state: keyedStates(recorded),
  };
}

function operatorStates({ lists }: Recorded): OperatorStateAccess {
  return {
    list: <T>({ redistribution, options }: OperatorListStateDescriptor<T>) => {
      lists.push({ name: options.name, redistribution });
      return { get: () => [], add: nothing, update: nothing, clear: nothing };
    },
  };
}

function keyedStates({ states }: Recorded): KeyedStateAccess {
  const take = <T>(kind: StateKind, { name, version = 1, serializer, migrate }: StateOptions<T>): void => {
    states.push({
      name,
      kind,
      version,
      serializer: serializer?.id ?? DEFAULT_SERIALIZER,
      canMigrate: migrate !== undefined,
    });
  };
  return {
    value: ({ options }) => {
      take('value', options);
      return { value: () => undefined, update: nothing, clear: nothing };
    },
    list: ({ options }) => {
      take('list', options);
      return { get: () => [], add: nothing, addAll: nothing, update: nothing, clear: nothing };
    },
    map: ({ options }) => {
      take('map', options);
      return {
        get: () => undefined,
        has: () => false,
        set: nothing,
        delete: nothing,
        keys: () => [],
        entries: () => [],
        isEmpty: true,
        size: 0,
        clear: nothing,
      };
    },
    largeMap: ({ options }) => {
      take('large-map', options);
      return {
        get: async () => await Promise.resolve(undefined),
        set: nothing,
        delete: nothing,
        entries: () => emptyEntries(),
        clear: nothing,
      };
    },
    reducing: ({ options }) => {
      take('reducing', options);
      return { get: () => undefined, add: nothing, clear: nothing };
    },
    aggregating: ({ options }) => {
      take('aggregating', options);
      return { get: () => undefined, add: nothing, clear: nothing };
    },
  };
}

const NO_METRICS: MetricGroup = { counter: () => ({ add: nothing }), gauge: nothing };

function nothing(): void {
  // States of a recording hold nothing, and keep nothing.
}

async function* emptyEntries(): AsyncGenerator<never> {
  // A large map that holds nothing.
}
