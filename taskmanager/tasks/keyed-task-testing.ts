import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { KeyedCoProcessFunction, KeyedProcessFunction } from '../../shared/functions/functions.ts';
import { erase } from '../../shared/graph/erase-wire.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseOperatorUid,
  parseSubtaskIndex,
  parseVertexId,
} from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { subtaskOfKey } from '../../shared/keygroups/key-groups.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import { MemoryInputGate } from '../input/memory-input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import { KeyedProcessOperator } from '../operators/keyed-process-operator.ts';
import type { CapturedState } from '../operators/operator.ts';
import { OperatorOutput } from '../operators/operator-output.ts';
import { guardFor } from '../operators/operator-testing.ts';
import { HotCount } from '../operators/operator-scope.ts';
import { OutputPressure } from '../operators/output-pressure.ts';
import type { StateContext, StateLimits } from '../operators/state-context.ts';
import { Suspensions } from '../operators/suspensions.ts';
import type { KeyValueStore } from '../state/key-value-store.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import { KeyedInput } from './keyed-input.ts';
import { Turn } from './turn.ts';

const MAX_PARALLELISM = 16;
const scopeOf = (subtask: number, parallelism: number) => ({
  jobId: parseJobId('job'),
  attempt: parseAttemptNumber(1),
  vertex: parseVertexId('counter'),
  subtask: parseSubtaskIndex(subtask),
  jobName: 'job',
  uid: 'counter',
  parallelism,
});

export type KeyedFunctionUnderTest<In, Out> = KeyedProcessFunction<In, Out> | KeyedCoProcessFunction<In, In, Out>;

export interface ClusterOptions<In, Out> {
  /** With one input, or with two: then each subtask reads from two channels, one for each. */
  readonly process: () => KeyedFunctionUnderTest<In, Out>;
  readonly limits?: StateLimits;
  readonly lineage?: string;
  readonly maxParallelism?: number;
  /** Default: empty at each opening. */
  readonly openStore?: (subtask: number, parallelism: number) => Promise<KeyValueStore>;
  readonly snapshots?: SnapshotStore;
}

export const roomyLimits: StateLimits = { dirtySoftBytes: 1e7, dirtyHardBytes: 2e7, cacheBytes: 1e7 };
/** So small that rows are evicted and layers spilled all the time. */
export const tinyLimits: StateLimits = { dirtySoftBytes: 300, dirtyHardBytes: 600, cacheBytes: 900 };

export interface Completed {
  readonly checkpoint: CheckpointId;
  readonly operator: OperatorMetadata;
}

/** A vertex with one keyed operator, driven by hand: what the slot's loop, the exchange and the coordinator do is done here. */
export class KeyedCluster<In, Out> {
  nowMs = 1_000;
  readonly snapshots: SnapshotStore;
  readonly failures: Failure[] = [];
  checkpointsWanted = 0;
  tasks: KeyedTask<In, Out>[] = [];
  completed: Completed | undefined;
  readonly #options: ClusterOptions<In, Out>;
  #lastCheckpoint = 0n;
  #openings = 0;
  readonly #alarms = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  constructor(options: ClusterOptions<In, Out>) {
    this.#options = options;
    this.snapshots = options.snapshots ?? new MemorySnapshotStore();
  }

  /** A new attempt, from the last completed checkpoint. */
  async start(parallelism: number): Promise<void> {
    this.tasks = Array.from({ length: parallelism }, (_, subtask) => this.#taskOf(subtask, parallelism));
    for (const task of this.tasks) {
      await task.open();
    }
  }

  /** The end of the attempt: what was not part of a completed checkpoint is lost. */
  async crash(): Promise<void> {
    for (const task of this.tasks) {
      await task.operator.close();
    }
    this.tasks = [];
  }

  send(key: string, value: In, timestampMs?: number): void {
    this.sendTo(0, { key, value, timestampMs });
  }

  sendTo(
    input: 0 | 1,
    { key, value, timestampMs }: { key: string; value: In; timestampMs?: number | undefined },
  ): void {
    const subtask = subtaskOfKey(Buffer.from(key), this.tasks.length, MAX_PARALLELISM);
    this.tasks[subtask]!.gate.put({ kind: 'record', value, timestampMs, key }, input);
  }

  control(element: ControlElement): void {
    for (const { gate } of this.tasks) {
      for (let channel = 0; channel < gate.channelCount; channel += 1) {
        gate.put({ kind: 'control', element }, channel);
      }
    }
  }

  /** Of one input only. */
  controlOf(input: 0 | 1, element: ControlElement): void {
    for (const { gate } of this.tasks) {
      gate.put({ kind: 'control', element }, input);
    }
  }

  watermark(timestampMs: number): void {
    this.control({ kind: 'watermark', timestampMs });
  }

  /** A barrier behind what was sent; `settle` lets it pass. */
  barrier(): CheckpointId {
    this.#lastCheckpoint += 1n;
    const checkpoint = parseCheckpointId(this.#lastCheckpoint);
    this.control({ kind: 'barrier', checkpoint, triggeredAtMs: 0 });
    return checkpoint;
  }

  /** Alarms ring in the order of their times. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.#alarms].filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) {
        break;
      }
      this.#alarms.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.callback();
      await this.settle();
    }
    this.nowMs = untilMs;
  }

  /** Runs until nothing has anything to do. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 12; quiet += 1) {
      const hasRun = this.tasks.map((task) => task.run() || task.isWaiting).some(Boolean);
      quiet = hasRun ? 0 : quiet;
      await (quiet > 0 && quiet < 8 ? Promise.resolve() : nextTurn());
      if (this.failures.length > 0) {
        throw new StreamError(this.failures[0]!);
      }
    }
  }

  /** Everything of it is stored. Undefined: a store failed. */
  async acknowledge(checkpoint: CheckpointId): Promise<Completed | undefined> {
    const signal = new AbortController().signal;
    const writes = this.tasks.map(async (task) => await task.write(checkpoint, signal));
    const written = await Promise.allSettled(writes);
    const states: CapturedState[] = [];
    const subtasks: OperatorMetadata['subtasks'][number][] = [];
    for (const [index, result] of written.entries()) {
      if (result.status === 'rejected') {
        return undefined;
      }
      states.push(result.value);
      subtasks.push({
        keyed: this.#resolve(index, result.value),
        lists: result.value.lists,
        splits: [],
        committables: [],
        isFinished: false,
        watermarkMs: undefined,
      });
    }
    const names = new Map(states.flatMap(({ states: own }) => own).map((state) => [state.name, state]));
    return {
      checkpoint,
      operator: {
        uid: parseOperatorUid('counter'),
        name: 'counter',
        parallelism: this.tasks.length,
        maxParallelism: MAX_PARALLELISM,
        hashId: KEY_HASH_ID,
        states: [...names.values()],
        subtasks,
        coordinatorState: undefined,
      },
    };
  }

  /** The tasks may not hear of it. */
  complete(acknowledged: Completed, isHeard = true): void {
    this.completed = acknowledged;
    if (isHeard) {
      for (const task of this.tasks) {
        task.operator.checkpointCompleted(acknowledged.checkpoint);
      }
    }
  }

  /** A whole checkpoint. */
  async checkpoint(): Promise<Completed> {
    const id = this.barrier();
    await this.settle();
    const acknowledged = await this.acknowledge(id);
    if (acknowledged === undefined) {
      throw new Error('the checkpoint failed');
    }
    this.complete(acknowledged);
    await this.settle();
    return acknowledged;
  }

  get outputs(): readonly Out[] {
    return this.tasks.flatMap(({ outputs }) => outputs);
  }

  #resolve(subtask: number, { keyed }: CapturedState): readonly SegmentRef[] {
    if (keyed.kind === 'whole') {
      return keyed.segments;
    }
    const base = this.completed;
    if (base?.checkpoint !== keyed.checkpoint) {
      throw new Error(`a difference to checkpoint ${keyed.checkpoint}, which is not the last completed one`);
    }
    const before = base.operator.subtasks[subtask]!.keyed;
    return [...keyed.kept.map((place) => before[place]!), ...keyed.added];
  }

  #taskOf(subtask: number, parallelism: number): KeyedTask<In, Out> {
    const { process, limits, openStore, lineage } = this.#options;
    this.#openings += 1;
    const opening = this.#openings;
    const context: KeyedTaskContext = {
      snapshots: this.snapshots,
      objectPrefix: `state/${opening}`,
      lineage: lineage ?? 'lineage',
      restored: this.completed,
      subtask,
      parallelism,
      maxParallelism: this.#options.maxParallelism ?? MAX_PARALLELISM,
      limits: limits ?? roomyLimits,
      openStore: async () => (await openStore?.(subtask, parallelism)) ?? new MemoryKeyValueStore(),
      yieldTurn: async () => {
        await Promise.resolve();
      },
      logger: silentLogger,
      nowMs: () => this.nowMs,
      after: (delayMs, callback) => {
        const alarm = { atMs: this.nowMs + delayMs, callback };
        this.#alarms.add(alarm);
        return () => {
          this.#alarms.delete(alarm);
        };
      },
      wantCheckpoint: () => {
        this.checkpointsWanted += 1;
      },
    };
    return new KeyedTask(process(), context, (failure) => {
      this.failures.push(failure);
    });
  }
}

type KeyedTaskContext = Omit<StateContext, 'wake' | 'fail'>;

/** One subtask with the keyed operator and what it reads from; its output is kept. */
export class KeyedTask<In, Out> {
  readonly gate: MemoryInputGate;
  readonly operator: KeyedProcessOperator;
  readonly outputs: Out[] = [];
  readonly forwarded: ControlElement[] = [];
  readonly input: KeyedInput;
  readonly #captures = new Map<CheckpointId, { write(signal: AbortSignal): Promise<CapturedState> }>();
  /** Channels that wait for the others' barriers. */
  readonly #behindBarrier: number[] = [];
  readonly #context: StateContext;
  readonly #chain: Chain;
  /** Outputs count as full: nothing may be taken. */
  isBlocked = false;
  recordsPerRun = Infinity;

  constructor(process: KeyedFunctionUnderTest<In, Out>, context: KeyedTaskContext, fail: (failure: Failure) => void) {
    this.#context = { ...context, fail, wake: () => undefined };
    this.gate = 'process1' in process ? new MemoryInputGate(2, [0, 1]) : new MemoryInputGate();
    const registry = new MetricRegistry().group({});
    const pressure = new OutputPressure();
    const suspensions = new Suspensions();
    const main = new OperatorOutput({
      chained: [{ record: (value) => this.outputs.push(value as Out) }],
      edges: [],
      pressure,
      count: new HotCount(registry.counter('out')),
    });
    const received = new HotCount(registry.counter('in'));
    const scope = scopeOf(context.subtask, context.parallelism);
    this.operator = new KeyedProcessOperator(
      { scope, place: 0, received, main, sides: new Map(), guard: guardFor(scope), pressure, suspensions },
      'process1' in process
        ? { kind: 'keyed-co-process', process: erase(process) }
        : { kind: 'keyed-process', process: erase(process) },
    );
    this.#chain = {
      head: this.operator,
      operators: [this.operator],
      source: undefined,
      async: undefined,
      keyed: this.operator,
      sinks: [],
      edges: [],
      pressure,
      suspensions,
      counts: { headReceived: received, left: () => 0, publish: () => undefined },
    };
    this.input = new KeyedInput(this.gate, this.#chain, this.operator, (channel, element) => {
      this.#onControl(channel, element);
    });
  }

  async open(): Promise<void> {
    const { subtask, parallelism, nowMs, logger } = this.#context;
    await this.operator.restore(this.#context, new AbortController().signal);
    this.operator.open({
      jobName: 'job',
      uid: 'counter',
      subtask,
      parallelism,
      attempt: 1,
      metrics: new MetricRegistry().group({}),
      logger,
      now: nowMs,
    });
  }

  /** It waits for its store, or for its function. */
  get isWaiting(): boolean {
    const { timers } = this.operator;
    return this.input.isWaiting || timers?.event.isWaiting === true || timers?.processing.isWaiting === true;
  }

  /** True when there was something to do. */
  run(): boolean {
    if (!this.input.hasInput) {
      return false;
    }
    let left = this.recordsPerRun;
    const turn = new Turn(() => 0);
    turn.begin(1);
    turn.spend = (records) => (left -= records) <= 0;
    this.input.take(turn);
    return true;
  }

  async write(checkpoint: CheckpointId, signal: AbortSignal): Promise<CapturedState> {
    const capture = this.#captures.get(checkpoint);
    if (capture === undefined) {
      throw new Error(`barrier ${checkpoint} has not passed`);
    }
    return await capture.write(signal);
  }

  hasPassed(checkpoint: CheckpointId): boolean {
    return this.#captures.has(checkpoint);
  }

  #onControl(channel: number, element: ControlElement): void {
    this.forwarded.push(element);
    if (element.kind === 'barrier') {
      this.#behindBarrier.push(channel);
      if (this.#behindBarrier.length === this.gate.channelCount) {
        this.#captures.set(element.checkpoint, this.operator.capture(element.checkpoint));
        this.#behindBarrier.splice(0).forEach((each) => {
          this.gate.resume(each);
        });
      }
    }
  }
}
