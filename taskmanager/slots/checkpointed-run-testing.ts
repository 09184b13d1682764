import { customSink } from '../../connectors/custom/sink-spec.ts';
import { customSource } from '../../connectors/custom/source-spec.ts';
import type { CheckpointMetadata, OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { PreparedOutput, SinkWriter } from '../../shared/connector/sink.ts';
import type {
  PollResult,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitSnapshot,
  SplitState,
} from '../../shared/connector/source.ts';
import type { KeyedDescription, OperatorSnapshot } from '../../shared/control/acknowledgement.ts';
import type { KeyedProcessContext, KeyedProcessFunction } from '../../shared/functions/functions.ts';
import type { KeyedRuntimeContext } from '../../shared/functions/runtime-context.ts';
import { valueState } from '../../shared/functions/state.ts';
import type { ValueState } from '../../shared/functions/state.ts';
import { defineJob } from '../../shared/graph/define-job.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseLeaderEpoch,
  parseSplitId,
  parseSubtaskIndex,
  parseVertexId,
} from '../../shared/ids.ts';
import type { CheckpointId, OperatorUid } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { PutAnswer } from '../../shared/snapshot-store/snapshot-store.ts';
import { KEY } from './checkpoint-driver-testing.ts';
import { MemorySlotState } from './memory-slot-state.ts';
import { eventually, openSlots, turns } from './slot-testing.ts';
import type { SlotRun } from './slot-testing.ts';

const SPLITS = 3;
const KEYS = 199;
const MAX_PARALLELISM = 128;
/** With so much beside each count that snapshots become objects of the store. */
const COUNT = valueState<{ readonly count: number; readonly ballast: string }>({ name: 'count' });

/**
 * A job that counts by key, run over several attempts: what a coordinator and a broker would do is done here, with faults. Every
 * number of every split must be counted once, whatever happens.
 */
export class CheckpointedRun {
  readonly #random: Random;
  readonly #numbersPerSplit: number;
  readonly #broker = new Transactions();
  readonly #store = new RefusingStore();
  #writers: TransactionalWriter[] = [];
  #run: SlotRun | undefined;
  #completed: CheckpointMetadata | undefined;
  #pending: CheckpointId[] = [];
  #issued = 0n;
  #attempt = 0;
  #parallelism = 1;
  readonly happened = { attempts: 0, completed: 0, aborted: 0, declined: 0, leadersLost: 0 };

  constructor(random: Random, numbersPerSplit: number) {
    this.#random = random;
    this.#numbersPerSplit = numbersPerSplit;
  }

  get committed(): readonly number[] {
    return [...this.#broker.committed].sort((a, b) => a - b);
  }

  /** Each key's counts, from 1 without a gap. */
  get expected(): readonly number[] {
    const counts = new Map<number, number>();
    for (let split = 0; split < SPLITS; split += 1) {
      for (let i = 0; i < this.#numbersPerSplit; i += 1) {
        const key = keyOf(split, i);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    return [...counts]
      .flatMap(([key, count]) => Array.from({ length: count }, (_, i) => resultOf(key, i + 1)))
      .sort((a, b) => a - b);
  }

  async play(steps: number): Promise<void> {
    await this.#begin();
    for (let step = 0; step < steps && !this.#hasFinished; step += 1) {
      await turns(1 + this.#random.below(15));
      await this.#step(this.#random.below(100));
    }
    this.#store.isRefusing = false;
    for (let tries = 0; !this.#hasFinished; tries += 1) {
      this.#writers.forEach((writer) => {
        writer.unstick();
      });
      this.#trigger();
      await turns(20);
      this.#completeWhatIsThere();
      if (tries > 3_000) {
        throw new Error('the run does not come to its end');
      }
    }
    await this.#ended();
  }

  async #step(dice: number): Promise<void> {
    this.#onDeclined();
    if (dice < 35) {
      this.#trigger();
    } else if (dice < 65) {
      this.#completeWhatIsThere();
    } else if (dice < 72) {
      this.#abort(this.#pending[this.#random.below(this.#pending.length)]);
    } else if (dice < 77) {
      await this.#loseLeader();
    } else if (dice < 82) {
      this.#store.isRefusing = !this.#store.isRefusing;
    } else if (dice < 90) {
      const writer = this.#writers[this.#random.below(Math.max(1, this.#writers.length))];
      writer?.stick();
    } else if (dice < 97) {
      this.#writers.forEach((writer) => {
        writer.unstick();
      });
    } else {
      await this.#crash();
    }
  }

  get #hasFinished(): boolean {
    const run = this.#run;
    return run !== undefined && run.slots.length > 0 && run.hasFinished;
  }

  /** A new attempt, at another parallelism, from the last completed checkpoint. */
  async #begin(): Promise<void> {
    this.#attempt += 1;
    this.happened.attempts += 1;
    this.#parallelism = 1 + this.#random.below(3);
    this.#writers = [];
    this.#pending = [];
    const state = new MemorySlotState({
      snapshots: this.#store,
      ...(this.#completed === undefined ? {} : { restored: this.#completed }),
    });
    const run = openSlots(this.#job(), { frameBytes: 512, creditsMax: 2, queuedFramesMax: 2 }, () => state);
    this.#run = run;
    run.checkpoints.isActing = false;
    run.checkpoints.skipTo(this.#issued);
    await eventually(() => run.areAllReady);
    run.post({ kind: 'start' });
    const splits = this.#splits();
    for (let subtask = 0; subtask < this.#parallelism; subtask += 1) {
      run.post({
        kind: 'assign-splits',
        assignment: {
          ...KEY,
          vertex: parseVertexId('numbers'),
          subtask: parseSubtaskIndex(subtask),
          assignment: 1,
          splits: splits.filter((_, i) => i % this.#parallelism === subtask),
          noMore: true,
        },
      });
    }
  }

  #splits(): readonly SplitState[] {
    const known = this.#completed?.operators.find(({ uid }) => uid === 'numbers');
    const restored = known?.subtasks.flatMap(({ splits }) => splits);
    const all = Array.from({ length: SPLITS }, (_, i) => ({ id: parseSplitId(`${i}`), position: '0' }));
    return restored === undefined || restored.length === 0 ? all : restored.filter(({ isFinished }) => !isFinished);
  }

  #job(): JobDefinition {
    const parallelism = this.#parallelism;
    return defineJob('counting', (flow) => {
      flow
        .source(
          customSource<number>({
            bounded: true,
            summary: 'numbers',
            createReader: () => new SplitReader(this.#numbersPerSplit),
            createEnumerator: () => {
              throw new Error('not of a task manager');
            },
          }),
          { uid: 'numbers', parallelism },
        )
        .keyBy(String)
        .process<number>(new Counting(), { uid: 'count', parallelism })
        .sinkTo(
          customSink({
            summary: 'transactions',
            createWriter: () => {
              const writer = new TransactionalWriter(this.#broker, `${this.#attempt}/${this.#writers.length}`);
              this.#writers.push(writer);
              return writer;
            },
          }),
          { uid: 'out', parallelism },
        );
    });
  }

  #trigger(): void {
    if (this.#run !== undefined && this.#pending.length < 2) {
      const checkpoint = this.#run.checkpoints.trigger();
      this.#issued = checkpoint;
      this.#pending.push(checkpoint);
    }
  }

  #abort(checkpoint: CheckpointId | undefined): void {
    if (checkpoint !== undefined) {
      this.happened.aborted += 1;
      this.#pending = this.#pending.filter((id) => id !== checkpoint);
      this.#run?.checkpoints.abort(checkpoint);
    }
  }

  /** What a subtask declines is aborted at all others. */
  #onDeclined(): void {
    for (const { checkpoint } of this.#run?.checkpoints.declined ?? []) {
      if (this.#pending.includes(checkpoint)) {
        this.happened.declined += 1;
        this.#abort(checkpoint);
      }
    }
  }

  #completeWhatIsThere(): void {
    this.#onDeclined();
    const run = this.#run;
    const checkpoint = this.#pending.find((id) => run?.checkpoints.isAcknowledged(id) === true);
    if (run === undefined || checkpoint === undefined) {
      return;
    }
    this.happened.completed += 1;
    const snapshots = [...run.checkpoints.snapshotsOf(checkpoint).values()];
    const metadata = this.#metadataOf(
      checkpoint,
      snapshots.flatMap(({ subtask, operators }) => operators.map((operator) => ({ subtask, operator }))),
    );
    this.#completed = metadata;
    for (const { operators } of snapshots) {
      operators.forEach(({ committables }) => {
        committables.forEach(({ committable }) => {
          this.#broker.commit(committable);
        });
      });
    }
    this.#pending = this.#pending.filter((id) => id > checkpoint);
    run.checkpoints.complete(checkpoint);
  }

  /** As coordinator/checkpoints/build-metadata.ts does: a subtask that had finished before stays as it was. */
  #metadataOf(
    checkpoint: CheckpointId,
    described: readonly { readonly subtask: number; readonly operator: OperatorSnapshot }[],
  ): CheckpointMetadata {
    const before = this.#completed?.attempt === this.#attempt ? this.#completed : undefined;
    const uids = new Set(described.map(({ operator }) => operator.uid));
    before?.operators.forEach(({ uid }) => uids.add(uid));
    return {
      jobId: parseJobId('job'),
      checkpoint,
      kind: 'checkpoint',
      leaderEpoch: parseLeaderEpoch(1n),
      attempt: parseAttemptNumber(this.#attempt),
      triggeredAtMs: 0,
      completedAtMs: 0,
      lineage: 'lineage',
      fingerprint: '',
      artifact: '',
      operators: [...uids].map((uid) =>
        operatorOf(
          uid,
          this.#parallelism,
          described.filter(({ operator }) => operator.uid === uid),
          before,
        ),
      ),
    };
  }

  async #loseLeader(): Promise<void> {
    this.happened.leadersLost += 1;
    this.#run?.post({ kind: 'leader-lost' });
    await turns(this.#random.below(30));
    const pending = this.#random.below(2) === 0 ? [] : this.#pending;
    this.#pending.filter((id) => !pending.includes(id)).forEach((id) => this.#run?.checkpoints.forget(id));
    this.#pending = [...pending];
    this.#run?.post({
      kind: 'announce-checkpoints',
      ...KEY,
      completed: this.#run.checkpoints.completed.at(-1),
      issued: this.#issued === 0n ? undefined : parseCheckpointId(this.#issued),
      pending,
    });
  }

  /** Everything of the attempt is gone; what it had prepared and nobody committed is dropped. */
  async #crash(): Promise<void> {
    this.#run?.cancel();
    this.#writers.forEach((writer) => {
      writer.unstick();
    });
    await this.#ended();
    this.#broker.abandon();
    await this.#begin();
  }

  async #ended(): Promise<void> {
    await Promise.all(this.#run?.slots.map(async (slot) => await slot.ended) ?? []);
  }
}

function operatorOf(
  uid: OperatorUid,
  parallelism: number,
  described: readonly { readonly subtask: number; readonly operator: OperatorSnapshot }[],
  before: CheckpointMetadata | undefined,
): OperatorMetadata {
  const old = before?.operators.find((operator) => operator.uid === uid);
  const states = described.flatMap(({ operator }) => operator.states);
  return {
    uid,
    name: uid,
    parallelism,
    maxParallelism: MAX_PARALLELISM,
    hashId: KEY_HASH_ID,
    states: [...new Map([...(old?.states ?? []), ...states].map((entry) => [entry.name, entry])).values()],
    subtasks: Array.from({ length: parallelism }, (_, index) => {
      const snapshot = described.find(({ subtask }) => subtask === index)?.operator;
      const oldSubtask = old?.subtasks[index];
      if (snapshot === undefined) {
        const nothing = { keyed: [], lists: [], splits: [], watermarkMs: undefined };
        return { ...(oldSubtask ?? nothing), committables: [], isFinished: true };
      }
      const { lists, splits, committables, isFinished, watermarkMs } = snapshot;
      return {
        keyed: resolved(snapshot.keyed, before?.checkpoint, oldSubtask?.keyed ?? []),
        lists,
        splits,
        committables: committables.map(({ committable }) => committable),
        isFinished,
        watermarkMs,
      };
    }),
    coordinatorState: undefined,
  };
}

function resolved(
  keyed: KeyedDescription,
  checkpoint: CheckpointId | undefined,
  segments: readonly SegmentRef[],
): readonly SegmentRef[] {
  if (keyed.kind === 'whole') {
    return keyed.segments;
  }
  if (keyed.checkpoint !== checkpoint) {
    throw new Error(`described by checkpoint ${keyed.checkpoint}, but the last is ${checkpoint}`);
  }
  return [...keyed.kept.map((place) => segments[place]!), ...keyed.added];
}

/** Emits each key's count so far. */
class Counting implements KeyedProcessFunction<number, number> {
  #count: ValueState<{ readonly count: number; readonly ballast: string }> | undefined;

  open(context: KeyedRuntimeContext): void {
    this.#count = context.state.value(COUNT);
  }

  process(value: number, context: KeyedProcessContext<number>): void {
    const count = (this.#count?.value()?.count ?? 0) + 1;
    this.#count?.update({ count, ballast: incompressible(value * 1_000 + count) });
    context.emit(resultOf(value, count));
  }
}

function incompressible(seed: number): string {
  const random = seededRandom(seed);
  return Array.from({ length: 16 }, () => random.next().toString(36)).join('');
}

function resultOf(key: number, count: number): number {
  return key * 1_000_000 + count;
}

function keyOf(split: number, index: number): number {
  return (split * 7 + index * index) % KEYS;
}

/** Reads its splits from their positions, in turns. */
class SplitReader implements SourceReader<number> {
  readonly #count: number;
  readonly #splits = new Map<string, number>();
  #context: SourceReaderContext | undefined;
  #noMore = false;
  #polls = 0;
  #isPausing = false;

  constructor(count: number) {
    this.#count = count;
  }

  async open(context: SourceReaderContext): Promise<void> {
    this.#context = context;
    await Promise.resolve();
  }

  addSplits(splits: readonly SplitState[]): void {
    splits.forEach(({ id, position }) => this.#splits.set(id, Number(position)));
    this.#context?.wake();
  }

  noMoreSplits(): void {
    this.#noMore = true;
    this.#context?.wake();
  }

  /** A few, and then nothing until the next turn of the event loop. */
  poll(recordsMax: number, output: SourceOutput<number>): PollResult {
    if (this.#isPausing) {
      return 'wait';
    }
    this.#polls += 1;
    if (this.#polls % 4 === 0) {
      this.#isPausing = true;
      setImmediate(() => {
        this.#isPausing = false;
        this.#context?.wake();
      });
    }
    let left = recordsMax;
    for (const [id, position] of this.#splits) {
      if (left > 0 && position < this.#count) {
        output.collect(keyOf(Number(id), position), undefined, parseSplitId(id));
        this.#splits.set(id, position + 1);
        left -= 1;
      }
    }
    const isRead = [...this.#splits.values()].every((position) => position === this.#count);
    return isRead ? (this.#noMore ? 'finished' : 'wait') : 'more';
  }

  snapshot(): readonly SplitSnapshot[] {
    return [...this.#splits].map(([id, position]) => ({
      id: parseSplitId(id),
      position: `${position}`,
      isFinished: position === this.#count,
    }));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** What writers have prepared, and what was committed of it. A committable is committed once, whoever names it. */
class Transactions {
  readonly committed: number[] = [];
  readonly #prepared = new Map<string, readonly number[]>();
  readonly #over = new Set<string>();

  prepare(id: string, values: readonly number[]): void {
    this.#prepared.set(id, values);
  }

  commit(id: string): void {
    const values = this.#prepared.get(id);
    if (this.#over.has(id)) {
      return;
    }
    if (values === undefined) {
      throw new Error(`transaction ${id} is lost`);
    }
    this.#over.add(id);
    this.#prepared.delete(id);
    this.committed.push(...values);
  }

  abandon(): void {
    this.#prepared.clear();
  }
}

class TransactionalWriter implements SinkWriter<number> {
  readonly isWritable = true;
  readonly #broker: Transactions;
  readonly #name: string;
  #current: number[] = [];
  #stuck: { readonly promise: Promise<undefined>; readonly resolve: (value: undefined) => void } | undefined;
  #isPreparing = false;

  constructor(broker: Transactions, name: string) {
    this.#broker = broker;
    this.#name = name;
  }

  stick(): void {
    this.#stuck ??= Promise.withResolvers<undefined>();
  }

  unstick(): void {
    this.#stuck?.resolve(undefined);
    this.#stuck = undefined;
  }

  async open(): Promise<void> {
    await Promise.resolve();
  }

  write(value: number): void {
    this.#current.push(value);
  }

  async flush(): Promise<void> {
    await this.#stuck?.promise;
  }

  async prepareCommit(checkpoint: CheckpointId): Promise<readonly PreparedOutput[]> {
    if (this.#isPreparing) {
      throw new Error('two calls of prepareCommit overlap');
    }
    const values = this.#current;
    this.#current = [];
    this.#isPreparing = true;
    await this.flush();
    this.#isPreparing = false;
    if (values.length === 0) {
      return [];
    }
    const committable = `${this.#name}/${checkpoint}`;
    this.#broker.prepare(committable, values);
    return [{ committable, beganAtMs: 0, timeoutMs: 60_000 }];
  }

  committed(): void {
    // What it has prepared is the broker's.
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

class RefusingStore extends MemorySnapshotStore {
  isRefusing = false;

  override async put(...call: Parameters<MemorySnapshotStore['put']>): Promise<PutAnswer> {
    return this.isRefusing ? await Promise.reject(new Error('out of order')) : await super.put(...call);
  }
}
