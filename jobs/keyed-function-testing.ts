import type { KeyedProcessContext, KeyedProcessFunction, KeyedRuntimeContext, OutputTag, Timers } from '../index.ts';
import { silentLogger } from '../shared/log/logger.ts';
import { MetricRegistry } from '../shared/metrics/metric-registry.ts';
import { parseCheckpointId, parseKeyGroup } from '../shared/ids.ts';
import { KeyedState } from '../taskmanager/state/keyed-state.ts';
import { KeyedStore } from '../taskmanager/state/keyed-store.ts';
import { MemoryKeyValueStore } from '../taskmanager/state/memory-key-value-store.ts';
import { OperatorState } from '../taskmanager/state/operator-state.ts';
import { StateDictionary } from '../taskmanager/state/state-dictionary.ts';

/** So small that state is read from the store again and again, as with a million patients. */
const LIMITS = { dirtySoftBytes: 1 << 20, dirtyHardBytes: 1 << 21, cacheBytes: 4_096 };
const GROUPS = 128;

/** A keyed function over the state that it has in a task manager, on a store in memory. Its clock stands still unless told. */
export class KeyedFunctionUnderTest<In, Out> {
  readonly metrics = new MetricRegistry();
  nowMs: number;
  readonly #function: KeyedProcessFunction<In, Out>;
  readonly #keyOf: (value: In) => string;
  readonly #store: KeyedStore;
  readonly #state: KeyedState;
  #checkpoint = 0n;

  private constructor(
    tested: KeyedProcessFunction<In, Out>,
    keyOf: (value: In) => string,
    { store, nowMs }: { readonly store: KeyedStore; readonly nowMs: number },
  ) {
    this.#function = tested;
    this.#keyOf = keyOf;
    this.#store = store;
    this.nowMs = nowMs;
    const range = { first: parseKeyGroup(0), last: parseKeyGroup(GROUPS - 1) };
    const clock = {
      eventMs: (): undefined => undefined,
      recordMs: (): undefined => undefined,
      processingMs: (): number => this.nowMs,
    };
    const dictionary = new StateDictionary([]);
    this.#state = new KeyedState({ store, dictionary, maxParallelism: GROUPS, range, clock });
    tested.open?.(this.#runtimeContext());
  }

  static async open<In, Out>(
    tested: KeyedProcessFunction<In, Out>,
    keyOf: (value: In) => string,
    nowMs: number,
  ): Promise<KeyedFunctionUnderTest<In, Out>> {
    const identity = {
      ...{ job: 'job', uid: 'keyed', lineage: 'run-1', hashId: 'hash/1' },
      ...{ firstKeyGroup: 0, lastKeyGroup: GROUPS - 1, maxParallelism: GROUPS },
    };
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    const store = await KeyedStore.open({ store: new MemoryKeyValueStore(), identity, limits: LIMITS, yieldTurn });
    return new KeyedFunctionUnderTest(tested, keyOf, { store, nowMs });
  }

  /** As the slot does it: the key's state is fetched, then the function runs. */
  async process(value: In, outputs: Outputs<Out>): Promise<void> {
    const key = this.#keyOf(value);
    const part = this.#state.context.partOf(key);
    const lease = await this.#state.prefetch([{ key: part }]);
    this.#state.setKey(part);
    const context: KeyedProcessContext<Out> = { currentKey: key, timers: noTimers, timestamp: undefined, ...outputs };
    await this.#function.process(value, context);
    lease.release();
  }

  /** A checkpoint, completed: what was written goes to the store. */
  async checkpoint(): Promise<void> {
    this.#checkpoint += 1n;
    const id = parseCheckpointId(this.#checkpoint);
    this.#store.freeze(id);
    await this.#store.complete(id);
  }

  #runtimeContext(): KeyedRuntimeContext {
    return {
      jobName: 'job',
      uid: 'keyed',
      subtask: 0,
      parallelism: 1,
      attempt: 1,
      metrics: this.metrics.group({}),
      logger: silentLogger,
      now: () => this.nowMs,
      operatorState: new OperatorState([]),
      state: this.#state,
    };
  }
}

export interface Outputs<Out> {
  emit(value: Out): void;
  sideOutput<S>(tag: OutputTag<S>, value: S): void;
}

const noTimers: Timers = {
  registerEventTime: refuse,
  registerProcessingTime: refuse,
  deleteEventTime: refuse,
  deleteProcessingTime: refuse,
  currentWatermark: undefined,
  currentProcessingTime: 0,
};

function refuse(): never {
  throw new Error('this test gives no timers');
}
