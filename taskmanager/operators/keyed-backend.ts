import { SegmentCatalog } from '../../shared/checkpoint/segment-catalog.ts';
import type { StateDictionaryEntry } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { KeyedDescription } from '../../shared/control/acknowledgement.ts';
import { failpointAsync } from '../../shared/failpoints/failpoint.ts';
import { classifyUnknown, formatFailure, isAbort } from '../../shared/failure/failure.ts';
import { parseSubtaskIndex } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { keyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';
import { KeyedSnapshots } from '../state/keyed-snapshots.ts';
import { KeyedState } from '../state/keyed-state.ts';
import { KeyedStore } from '../state/keyed-store.ts';
import { StateDictionary } from '../state/state-dictionary.ts';
import type { StoreIdentity } from '../state/store-stamp-wire.ts';
import type { StateClock } from '../state/time-to-live.ts';
import { KeyedDescriber } from './describe-keyed.ts';
import { KeyedMaintenance } from './keyed-maintenance.ts';
import { nameOf } from './operator-scope.ts';
import type { OperatorScope } from './operator-scope.ts';
import { restoreKeyed } from './restore-keyed.ts';
import type { StateContext } from './state-context.ts';

/** An object is closed at this size: what a snapshot holds in memory. */
const OBJECT_BYTES = 8 * 1024 * 1024;
/** Segments no larger travel inside the acknowledgement and the metadata (Flink: `state.storage.fs.memory-threshold`). */
const INLINE_BYTES_MAX = 20 * 1024;
const FETCH_BYTES = 1024 * 1024;
/** Of one call of the snapshot store, its retries included. A checkpoint that takes longer than its own timeout expires. */
const CALL_DEADLINE_MS = 60_000;

export interface CapturedKeyed {
  readonly states: readonly StateDictionaryEntry[];
  readonly keyed: KeyedDescription;
}

/**
 * Everything below one operator with keyed state in one subtask: its local store, its epochs, its snapshots, and the work that
 * goes on beside the records.
 *
 * B1  `complete`s run one after the other; merging, rewriting bases and sweeping are one lane of their own.
 * B2  `close` ends when none of that runs any more, and then closes the store.
 */
export class KeyedBackend {
  readonly store: KeyedStore;
  readonly state: KeyedState;
  readonly dictionary: StateDictionary;
  readonly range: KeyGroupRange;
  readonly #context: StateContext;
  readonly #scope: OperatorScope;
  readonly #snapshots: KeyedSnapshots;
  readonly #describer = new KeyedDescriber();
  readonly #maintenance: KeyedMaintenance;
  readonly #abort = new AbortController();
  #completing: Promise<void> = Promise.resolve();
  #relieving: Promise<void> | undefined;
  #hasAsked = false;

  private constructor(options: {
    readonly context: StateContext;
    readonly scope: OperatorScope;
    readonly store: KeyedStore;
    readonly range: KeyGroupRange;
    readonly clock: StateClock;
  }) {
    const { context, scope, store, range, clock } = options;
    this.#context = context;
    this.#scope = scope;
    this.store = store;
    this.range = range;
    const restored = context.restored?.operator;
    this.dictionary = new StateDictionary(restored?.states ?? []);
    const { maxParallelism } = context;
    this.state = new KeyedState({ store, dictionary: this.dictionary, maxParallelism, range, clock });
    const { signal } = this.#abort;
    const call = { deadlineMs: CALL_DEADLINE_MS, signal };
    let objects = 0;
    this.#snapshots = new KeyedSnapshots({
      store,
      range,
      catalog: new SegmentCatalog(range, restored?.subtasks.flatMap(({ keyed }) => keyed) ?? []),
      writing: {
        store: context.snapshots,
        call,
        nextKey: () => `${context.objectPrefix}/${(objects += 1)}`,
        objectBytes: OBJECT_BYTES,
        inlineBytesMax: INLINE_BYTES_MAX,
      },
      reading: {
        store: context.snapshots,
        call,
        fetchBytes: FETCH_BYTES,
        yieldTurn: async () => {
          await context.yieldTurn();
        },
      },
      afterObject: async () => {
        await failpointAsync('task.during-upload');
      },
    });
    this.#maintenance = new KeyedMaintenance({
      merge: async () => await this.#snapshots.maintain(),
      sweep: async () => await this.state.sweeper.step(),
      after: context.after,
      onFailure: (error) => {
        this.#onMaintenanceFailure(error);
      },
      signal,
    });
  }

  /** Brings the local store to where the attempt begins. @throws StreamError */
  static async open(
    context: StateContext,
    scope: OperatorScope,
    clock: StateClock,
    signal: AbortSignal,
  ): Promise<KeyedBackend> {
    const { subtask, parallelism, maxParallelism, limits } = context;
    const range = keyGroupRange(parseSubtaskIndex(subtask), parallelism, maxParallelism);
    const identity: StoreIdentity = {
      job: scope.jobId,
      uid: scope.uid,
      lineage: context.lineage,
      firstKeyGroup: range.first,
      lastKeyGroup: range.last,
      maxParallelism,
      hashId: KEY_HASH_ID,
    };
    const local = await context.openStore();
    try {
      await restoreKeyed({ context, identity, range, store: local, name: nameOf(scope) }, signal);
      const yieldTurn = async (): Promise<void> => {
        await context.yieldTurn();
      };
      const store = await KeyedStore.open({ store: local, identity, limits, yieldTurn });
      return new KeyedBackend({ context, scope, store, range, clock });
    } catch (error) {
      await local.close();
      throw error;
    }
  }

  /** True when the checkpoint brought segments: there may be state and timers of which nothing is known yet. */
  get isRestored(): boolean {
    return this.#snapshots.hasSegments;
  }

  /** After the operator's function has declared its states. */
  begin(metrics: MetricGroup): void {
    this.#maintenance.begin(this.state.sweeper.hasWork);
    metrics.gauge('stateDirtyBytes', () => this.store.epochs.layers.bytes);
    metrics.gauge('stateCacheBytes', () => this.store.epochs.cacheBytes);
    metrics.gauge('stateSegmentBytes', () => this.#snapshots.segmentBytes);
    metrics.gauge('stateRowsFetched', () => this.store.rowsFetched);
  }

  /** At a barrier. What it gives writes the snapshot, beside the loop. */
  capture(checkpoint: CheckpointId): (signal: AbortSignal) => Promise<CapturedKeyed> {
    this.#snapshots.freeze(checkpoint);
    this.#hasAsked = false;
    const base = this.#describer.capture(checkpoint);
    const states = this.dictionary.entries();
    return async (signal) => {
      const segments = await this.#snapshots.write(checkpoint, signal);
      return { states, keyed: this.#describer.describe(checkpoint, base, segments) };
    };
  }

  completed(checkpoint: CheckpointId): void {
    this.#describer.completed(checkpoint);
    this.#completing = this.#completing.then(async () => {
      try {
        await this.#snapshots.complete(checkpoint);
        this.#maintenance.onCompleted();
      } catch (error) {
        this.#fail(error, 'completing a checkpoint');
      }
    });
  }

  /** Looks at the memory that unapplied changes take. A promise: nothing more may be written until it has ended. */
  checkPressure(): Promise<void> | undefined {
    const { pressure } = this.store;
    if (pressure === 'none') {
      return undefined;
    }
    if (!this.#hasAsked) {
      this.#hasAsked = true;
      this.#context.wantCheckpoint();
    }
    if (pressure === 'checkpoint') {
      return undefined;
    }
    this.#relieving ??= this.#relieve();
    return pressure === 'full' ? this.#relieving : undefined;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#maintenance.ended();
    await this.#completing;
    await this.#relieving;
    await this.store.close();
  }

  async #relieve(): Promise<void> {
    try {
      await this.store.relieve();
    } catch (error) {
      this.#fail(error, 'spilling state to disk');
    } finally {
      this.#relieving = undefined;
    }
  }

  /** Nothing was replaced, so nothing is lost: a later step tries again. */
  #onMaintenanceFailure(error: unknown): void {
    if (!isAbort(error) && !this.#abort.signal.aborted) {
      const failure = classifyUnknown(error, `${nameOf(this.#scope)}: merging state`);
      this.#context.logger.warn('state-maintenance-failed', { failure: formatFailure(failure) });
    }
  }

  #fail(error: unknown, what: string): void {
    if (!isAbort(error) && !this.#abort.signal.aborted) {
      this.#context.fail(classifyUnknown(error, `${nameOf(this.#scope)}: ${what}`));
    }
  }
}
