import fc from 'fast-check';
import { expect, test } from 'vitest';
import { customSink } from '../../connectors/custom/sink-spec.ts';
import type { CheckpointMetadata, OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { PreparedOutput, SinkWriter } from '../../shared/connector/sink.ts';
import type { SourceOutput, SourceReader, SourceReaderContext, SplitSnapshot } from '../../shared/connector/source.ts';
import type { OperatorSnapshot } from '../../shared/control/acknowledgement.ts';
import type {
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
} from '../../shared/functions/functions.ts';
import { valueState } from '../../shared/functions/state.ts';
import type { ValueState } from '../../shared/functions/state.ts';
import { defineJob } from '../../shared/graph/define-job.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import type { Stream } from '../../shared/graph/flow.ts';
import { parseAttemptNumber, parseJobId, parseLeaderEpoch, parseOperatorUid, parseSplitId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import { tinyLimits } from '../tasks/keyed-task-testing.ts';
import { MemorySlotState } from './memory-slot-state.ts';
import { eventually, numbers, openSlots, turns } from './slot-testing.ts';
import type { SlotRun } from './slot-testing.ts';

const COUNT = 400;
const KEYS = 7;
const TEN_THOUSAND = 10_000;

test.each([
  ['united before they are keyed', union],
  ['that meet as the two inputs of one operator', meet],
])(
  'two sources %s: every number is counted once, whatever is cancelled between which checkpoints, at any parallelism',
  async (_, join) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ parallelism: fc.constantFrom(1, 2, 3), checkpoints: fc.integer({ min: 0, max: 3 }) }), {
          maxLength: 3,
        }),
        fc.integer(),
        async (attempts, seed) => {
          const random = seededRandom(seed);
          const history = new History(join);

          for (const { parallelism, checkpoints } of attempts) {
            const attempt = history.attempt(parallelism);
            attempt.run.checkpoints.isActing = true;
            await attempt.started();
            for (let n = 0; n < checkpoints; n += 1) {
              await turns(random.below(30));
              attempt.run.checkpoints.trigger();
            }
            await turns(random.below(60));
            await attempt.cancelled();
            history.keep(attempt);
          }
          const last = history.attempt(2);
          await last.started();
          await eventually(() => last.run.checkpoints.haveFinished);
          history.keep(last);

          expect(history.committed.toSorted((a, b) => a - b)).toStrictEqual(everyNumberCounted());
        },
      ),
      { numRuns: 25 },
    );
  },
  120_000,
);

/** What outlives an attempt: the last completed checkpoint, and the output that is committed. */
class History {
  readonly join: Join;
  readonly snapshots = new MemorySnapshotStore();
  committed: number[] = [];
  restored: CheckpointMetadata | undefined;
  positions: readonly [number, number] = [0, 0];

  constructor(join: Join) {
    this.join = join;
  }

  attempt(parallelism: number): Attempt {
    return new Attempt(this, parallelism);
  }

  keep({ run, writers, parallelism }: Attempt): void {
    const { checkpoints } = run;
    expect(run.failures).toStrictEqual([]);
    let segments = new Map<number, readonly SegmentRef[]>();
    for (const id of checkpoints.completed) {
      const snapshots = checkpoints.snapshotsOf(id);
      segments = new Map(
        Array.from({ length: parallelism }, (_, i) => {
          const own = operatorOf(snapshots.get(`count#${i}`), 'count');
          return [i, own === undefined ? (segments.get(i) ?? []) : resolve(own, segments.get(i) ?? [])];
        }),
      );
      const states = Array.from({ length: parallelism }, (_, i) => operatorOf(snapshots.get(`count#${i}`), 'count'));
      this.restored = metadataOf(id, states.find((own) => own !== undefined)?.states ?? [], segments);
      this.positions = [
        positionOf(snapshots.get('odd#0'), this.positions[0]),
        positionOf(snapshots.get('even#0'), this.positions[1]),
      ];
      this.committed.push(...writers.flatMap((writer) => writer.commit(id)));
    }
  }
}

class Attempt {
  readonly run: SlotRun;
  readonly writers: EpochWriter[] = [];
  readonly parallelism: number;

  constructor(history: History, parallelism: number) {
    this.parallelism = parallelism;
    const { join, restored, snapshots, positions } = history;
    const readers = [new ReplayReader(1, positions[0]), new ReplayReader(0, positions[1])] as const;
    const writer = (): EpochWriter => {
      this.writers.push(new EpochWriter());
      return this.writers.at(-1)!;
    };
    this.run = openSlots(
      countingJob(readers, { join, writer, parallelism }),
      { frameBytes: 256 },
      () => new MemorySlotState({ snapshots, limits: tinyLimits, ...(restored === undefined ? {} : { restored }) }),
    );
    if (restored !== undefined) {
      this.run.checkpoints.issueAfter(restored.checkpoint);
    }
  }

  async started(): Promise<void> {
    await eventually(() => this.run.reports.filter(({ state }) => state === 'ready').length >= this.#subtasks);
    this.run.start();
  }

  async cancelled(): Promise<void> {
    this.run.checkpoints.isActing = false;
    this.run.cancel();
    await Promise.all(this.run.slots.map(async (slot) => await slot.ended));
  }

  get #subtasks(): number {
    return this.run.checkpoints.subtasks;
  }
}

function countingJob(
  readers: readonly [ReplayReader, ReplayReader],
  { join, writer, parallelism }: { join: Join; writer: () => SinkWriter<number>; parallelism: number },
): JobDefinition {
  return defineJob('counting', (flow) => {
    const odd = flow.source(numbers(readers[0]), { uid: 'odd', parallelism: 1 });
    const even = flow.source(numbers(readers[1]), { uid: 'even', parallelism: 1 });
    join(odd, even, parallelism).sinkTo(customSink({ summary: 'epochs', createWriter: writer }), {
      uid: 'out',
      parallelism: 1,
    });
  });
}

/** Counts by key what comes of both sources. */
type Join = (odd: Stream<number>, even: Stream<number>, parallelism: number) => Stream<number>;

function union(odd: Stream<number>, even: Stream<number>, parallelism: number): Stream<number> {
  return odd.union(even).keyBy(keyOf).process(counter(), { uid: 'count', parallelism });
}

function meet(odd: Stream<number>, even: Stream<number>, parallelism: number): Stream<number> {
  const { open, process } = counter();
  const fromInput =
    (remainder: number) =>
    (value: number, context: KeyedProcessContext<number>): void | Promise<void> => {
      if (value % 2 !== remainder) {
        throw new Error('a record of the other input');
      }
      return process(value, context);
    };
  const meeting: KeyedCoProcessFunction<number, number, number> = {
    open,
    process1: fromInput(1),
    process2: fromInput(0),
  };
  return odd.keyBy(keyOf).connect(even.keyBy(keyOf)).process(meeting, { uid: 'count', parallelism });
}

function keyOf(n: number): string {
  return `k${n % KEYS}`;
}

const SEEN = valueState<number>({ name: 'seen' });

function counter(): Required<Pick<KeyedProcessFunction<number, number>, 'open' | 'process'>> {
  let seen: ValueState<number>;
  return {
    open: ({ state }) => {
      seen = state.value(SEEN);
    },
    process: (value, context) => {
      const count = (seen.value() ?? 0) + 1;
      seen.update(count);
      context.emit((value % KEYS) * TEN_THOUSAND + count);
    },
  };
}

function everyNumberCounted(): number[] {
  const counts = Array.from({ length: KEYS }, () => 0);
  for (let n = 0; n < COUNT; n += 1) {
    counts[n % KEYS] = (counts[n % KEYS] ?? 0) + 1;
  }
  return counts.flatMap((count, key) => Array.from({ length: count }, (_, i) => key * TEN_THOUSAND + i + 1));
}

/** Every second number below `COUNT`, from a position on. */
class ReplayReader implements SourceReader<number> {
  readonly #remainder: number;
  #position: number;
  #context: SourceReaderContext | undefined;
  #hasSplit = false;

  constructor(remainder: number, position: number) {
    this.#remainder = remainder;
    this.#position = position;
  }

  async open(context: SourceReaderContext): Promise<void> {
    this.#context = context;
    await Promise.resolve();
  }

  addSplits(): void {
    this.#hasSplit = true;
    this.#context?.wake();
  }

  noMoreSplits(): void {
    this.#context?.wake();
  }

  poll(recordsMax: number, output: SourceOutput<number>): 'more' | 'wait' | 'finished' {
    if (!this.#hasSplit) {
      return 'wait';
    }
    for (let i = 0; i < recordsMax && this.#position * 2 < COUNT; i += 1) {
      output.collect(this.#position * 2 + this.#remainder, undefined, parseSplitId('numbers'));
      this.#position += 1;
    }
    return this.#position * 2 < COUNT ? 'more' : 'finished';
  }

  snapshot(): readonly SplitSnapshot[] {
    return [{ id: parseSplitId('numbers'), position: String(this.#position), isFinished: this.#position * 2 >= COUNT }];
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** Output is committed with its checkpoint, or dropped with its attempt. */
class EpochWriter implements SinkWriter<number> {
  readonly isWritable = true;
  #written: number[] = [];
  readonly #prepared = new Map<CheckpointId, number[]>();

  async open(): Promise<void> {
    await Promise.resolve();
  }

  write(value: number): void {
    this.#written.push(value);
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  async prepareCommit(checkpoint: CheckpointId): Promise<readonly PreparedOutput[]> {
    this.#prepared.set(checkpoint, this.#written);
    this.#written = [];
    await Promise.resolve();
    return [{ committable: String(checkpoint), beganAtMs: 0, timeoutMs: undefined }];
  }

  committed(): void {
    // Nothing is reused here.
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  /** What was prepared up to a checkpoint, those of aborted ones included. */
  commit(upTo: CheckpointId): readonly number[] {
    const values: number[] = [];
    for (const [checkpoint, prepared] of this.#prepared) {
      if (checkpoint <= upTo) {
        values.push(...prepared);
        this.#prepared.delete(checkpoint);
      }
    }
    return values;
  }
}

function operatorOf(
  snapshot: { readonly operators: readonly OperatorSnapshot[] } | undefined,
  uid: string,
): OperatorSnapshot | undefined {
  return snapshot?.operators.find((operator) => operator.uid === uid);
}

function positionOf(snapshot: { readonly operators: readonly OperatorSnapshot[] } | undefined, before: number): number {
  const split = snapshot?.operators.flatMap(({ splits }) => splits)[0];
  return split === undefined ? before : Number(split.position);
}

function resolve({ keyed }: OperatorSnapshot, before: readonly SegmentRef[]): readonly SegmentRef[] {
  return keyed.kind === 'whole' ? keyed.segments : [...keyed.kept.map((place) => before[place]!), ...keyed.added];
}

function metadataOf(
  checkpoint: CheckpointId,
  states: OperatorMetadata['states'],
  segments: ReadonlyMap<number, readonly SegmentRef[]>,
): CheckpointMetadata {
  const subtasks = Array.from(segments.values(), (keyed) => ({
    keyed,
    lists: [],
    splits: [],
    committables: [],
    isFinished: false,
    watermarkMs: undefined,
  }));
  return {
    jobId: parseJobId('job'),
    checkpoint,
    kind: 'checkpoint',
    leaderEpoch: parseLeaderEpoch(1n),
    attempt: parseAttemptNumber(1),
    triggeredAtMs: 0,
    completedAtMs: 0,
    lineage: 'lineage',
    fingerprint: '',
    artifact: '',
    operators: [
      {
        uid: parseOperatorUid('count'),
        name: 'count',
        parallelism: segments.size,
        maxParallelism: 128,
        hashId: KEY_HASH_ID,
        states,
        subtasks,
        coordinatorState: undefined,
      },
    ],
  };
}
