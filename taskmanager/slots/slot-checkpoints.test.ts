import { describe, expect, test } from 'vitest';
import { customSink } from '../../connectors/custom/sink-spec.ts';
import type { CheckpointMetadata, OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { OperatorSnapshot } from '../../shared/control/acknowledgement.ts';
import { defineJob } from '../../shared/graph/define-job.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import { valueState } from '../../shared/functions/state.ts';
import type { ValueState } from '../../shared/functions/state.ts';
import type { KeyedProcessContext, KeyedProcessFunction } from '../../shared/functions/functions.ts';
import type { KeyedRuntimeContext } from '../../shared/functions/runtime-context.ts';
import { parseCheckpointId, parseLeaderEpoch } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { PutAnswer } from '../../shared/snapshot-store/snapshot-store.ts';
import { KEY } from './checkpoint-driver-testing.ts';
import { MemorySlotState } from './memory-slot-state.ts';
import { CountingReader, eventually, keeping, KeepingWriter, numbers, openSlots, turns } from './slot-testing.ts';
import type { SlotRun } from './slot-testing.ts';

describe('a checkpoint', () => {
  test('cuts the stream: what a source had handed over is in the sinks’ transactions, no more and no less', async () => {
    const reader = new CountingReader(Infinity);
    const writers: KeepingWriter[] = [];
    const run = await started(hashJob(reader, writers, 3), { frameBytes: 256, creditsMax: 2 });

    await eventually(() => reader.handedOver > 1_000);
    const checkpoint = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.completed.includes(checkpoint));
    const position = positionIn(run, checkpoint);
    await eventually(() => visibleIn(writers).length >= position);

    expect(visibleIn(writers)).toStrictEqual(Array.from({ length: position }, (_, i) => i));
    reader.end();
    await ended(run);
  });

  test('at a subtask with two inputs waits for the barrier of both, and holds back the faster one only', async () => {
    const [fast, slow] = [new CountingReader(Infinity), new CountingReader(Infinity)];
    const writer = new KeepingWriter();
    const run = await started(unionJob(fast, slow, writer), { frameBytes: 256, creditsMax: 2 });

    for (let n = 0; n < 5; n += 1) {
      const checkpoint = run.checkpoints.trigger();
      await eventually(() => run.checkpoints.completed.includes(checkpoint));
      const snapshots = run.checkpoints.snapshotsOf(checkpoint);
      const positions = ['fast#0', 'slow#0'].map((name) =>
        Number(snapshots.get(name)?.operators[0]?.splits[0]?.position ?? 0),
      );
      await eventually(() => writer.visible.length >= positions.reduce((a, b) => a + b, 0));

      expect(writer.visible).toHaveLength(positions.reduce((a, b) => a + b, 0));
    }
    fast.end();
    slow.end();
    await ended(run);
    expect(sorted(writer.visible)).toStrictEqual(
      sorted([...Array(fast.handedOver).keys(), ...Array(slow.handedOver).keys()]),
    );
  });

  test('lets records behind the barrier be written while what is before it is flushed', async () => {
    const writer = new KeepingWriter();
    const reader = new CountingReader(Infinity);
    const run = await started(chainJob(reader, writer));

    await eventually(() => reader.handedOver > 100);
    writer.stick();
    const checkpoint = run.checkpoints.trigger();
    await turns(3);
    const atBarrier = writer.values.length;
    await eventually(() => writer.values.length > atBarrier + 100);
    const acknowledged = run.checkpoints.isAcknowledged(checkpoint);
    writer.unstick();
    await eventually(() => run.checkpoints.completed.includes(checkpoint));
    await eventually(() => writer.visible.length > 0);

    expect(acknowledged).toBe(false);
    expect(writer.visible).toHaveLength(positionIn(run, checkpoint));
    run.cancel();
    await ended(run);
  });

  test('waits with its snapshot, and with all input, while the sink still flushes for an earlier one', async () => {
    const writer = new KeepingWriter();
    const reader = new CountingReader(Infinity);
    const run = await started(chainJob(reader, writer));
    run.checkpoints.isActing = false;

    await eventually(() => reader.handedOver > 100);
    writer.stick();
    run.checkpoints.trigger();
    const second = run.checkpoints.trigger();
    await turns(20);
    const [held, prepared] = [reader.handedOver, writer.prepared.size];
    await turns(50);
    const stillHeld = reader.handedOver;
    run.slots[0]!.onCommand({ kind: 'sample-metrics' });
    await turns(2);
    writer.unstick();
    await eventually(() => run.checkpoints.isAcknowledged(second));
    await eventually(() => reader.handedOver > held);

    expect(stillHeld).toBe(held);
    expect(prepared).toBe(0);
    expect(run.reported.find(({ kind }) => kind === 'checkpoint-stages')).toMatchObject({
      stages: [{ checkpoint: second, subtask: { vertex: 'numbers', subtask: 0 }, stage: { kind: 'flushing-sink' } }],
    });
    run.cancel();
    await ended(run);
  });

  test('that is aborted loses nothing: the next acknowledgement carries what it had prepared', async () => {
    const writer = new KeepingWriter();
    const reader = new CountingReader(Infinity);
    const run = await started(chainJob(reader, writer));
    run.checkpoints.isActing = false;

    await eventually(() => reader.handedOver > 100);
    const first = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(first));
    run.checkpoints.abort(first);
    await eventually(() => reader.handedOver > 1_000);
    const second = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(second));
    const held = committablesIn(run, second);
    run.checkpoints.complete(second);
    await eventually(() => writer.visible.length > 0);
    const third = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(third));

    expect(held.map(({ preparedFor }) => preparedFor)).toStrictEqual([first, second]);
    expect(writer.visible).toHaveLength(positionIn(run, second));
    expect(committablesIn(run, third).every(({ preparedFor }) => preparedFor === third)).toBe(true);
    run.cancel();
    await ended(run);
  });

  test('that is aborted before its barriers meet is given up downstream, and the next one succeeds', async () => {
    const [fast, slow] = [new CountingReader(Infinity), new CountingReader(Infinity)];
    const writer = new KeepingWriter();
    const run = await started(unionJob(fast, slow, writer));
    run.checkpoints.isActing = false;

    const first = run.checkpoints.triggerAt(['fast']);
    await eventually(() => run.checkpoints.snapshotsOf(first).has('fast#0'));
    await turns(20);
    run.slots[0]!.onCommand({ kind: 'sample-metrics' });
    await turns(2);
    run.checkpoints.abort(first);
    const after = fast.handedOver;
    await eventually(() => fast.handedOver > after + 1_000);
    const second = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(second));

    expect(run.reported.find(({ kind }) => kind === 'checkpoint-stages')).toMatchObject({
      stages: [{ checkpoint: first, stage: { kind: 'waiting-for-barriers', from: ['slow#0'] } }],
    });
    expect(run.checkpoints.declined).toStrictEqual([]);
    run.cancel();
    await ended(run);
  });

  test('is declined when state cannot be stored; the attempt goes on and the next one holds everything', async () => {
    const store = new RefusingStore();
    const writer = new KeepingWriter();
    const reader = new CountingReader(Infinity);
    const run = await started(countJob(reader, writer), {}, new MemorySlotState({ snapshots: store }));
    run.checkpoints.isActing = false;

    await eventually(() => reader.handedOver > 2_000);
    store.isRefusing = true;
    const first = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.declined.length > 0);
    store.isRefusing = false;
    const second = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(second));

    expect(run.checkpoints.declined).toMatchObject([
      { checkpoint: first, cause: 'failed', subtask: { vertex: 'count' } },
    ]);
    expect(run.checkpoints.declined[0]?.detail).toMatch(/^could not store its state \([a-z-]+\)$/);
    expect(run.statesOf('count')).not.toContain('failed');
    expect(committablesIn(run, second).map(({ preparedFor }) => preparedFor)).toStrictEqual([first, second]);
    run.cancel();
    await ended(run);
  });

  test('whose sink cannot flush fails the attempt: the fate of the output is in doubt', async () => {
    const writer = new KeepingWriter();
    const run = await started(chainJob(new CountingReader(Infinity), writer));

    writer.flushFailure = { code: 'kafka-send-failed', reaction: 'restart-job', message: 'a send failed' };
    run.checkpoints.trigger();
    await eventually(() => run.statesOf('numbers').includes('failed'));
    run.cancel();
    await ended(run);

    expect(run.reports.find(({ state }) => state === 'failed')?.failure?.code).toBe('kafka-send-failed');
  });

  test('waits for an iterator in the middle of its record: the source is never ahead of what was emitted', async () => {
    const writer = new KeepingWriter();
    writer.room = 5;
    const reader = new CountingReader(1_000);
    const run = await started(
      defineJob('iterating', (flow) => {
        flow
          .source(numbers(reader), { uid: 'numbers' })
          .flatMap((value) => [value, value, value, value, value, value, value, value].values())
          .sinkTo(keeping(writer), { uid: 'out' });
      }),
    );

    await eventually(() => writer.values.length === 5);
    const checkpoint = run.checkpoints.trigger();
    await turns(30);
    const acknowledged = run.checkpoints.isAcknowledged(checkpoint);
    run.slots[0]!.onCommand({ kind: 'sample-metrics' });
    await turns(2);
    writer.release(10);
    await eventually(() => run.checkpoints.completed.includes(checkpoint));
    await eventually(() => writer.visible.length > 0);

    expect(acknowledged).toBe(false);
    expect(run.reported.find(({ kind }) => kind === 'checkpoint-stages')).toMatchObject({
      stages: [{ stage: { kind: 'waiting-for-operator' } }],
    });
    expect(writer.visible).toHaveLength(positionIn(run, checkpoint) * 8);
    run.cancel();
    await ended(run);
  });

  test('completes once for each subtask, however often it is told', async () => {
    const reader = new CountingReader(Infinity);
    const told: (readonly unknown[])[] = [];
    const watching = Object.assign(reader, {
      checkpointCompleted: (splits: readonly unknown[]) => {
        told.push(splits);
      },
    });
    const writer = new KeepingWriter();
    const run = await started(chainJob(watching, writer));
    const checkpoint = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.completed.includes(checkpoint));

    run.checkpoints.complete(checkpoint);
    run.checkpoints.complete(checkpoint);
    await turns(5);

    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject([{ id: 'numbers', isFinished: false }]);
    run.cancel();
    await ended(run);
  });
});

describe('the loss of the leader', () => {
  test('gives alignments up, so that nobody stands still, and declines none after it', async () => {
    const [fast, slow] = [new CountingReader(Infinity), new CountingReader(Infinity)];
    const run = await started(unionJob(fast, slow, new KeepingWriter()), { creditsMax: 1, queuedFramesMax: 2 });
    run.checkpoints.isActing = false;

    const first = run.checkpoints.triggerAt(['fast']);
    await eventually(() => run.checkpoints.snapshotsOf(first).has('fast#0'));
    await turns(100);
    const stopped = fast.handedOver;
    await turns(50);
    const stillStopped = fast.handedOver;
    run.slots[0]!.onCommand({ kind: 'leader-lost' });
    await eventually(() => fast.handedOver > stopped + 1_000);

    expect(stillStopped).toBe(stopped);
    expect(run.checkpoints.declined).toStrictEqual([]);
    run.cancel();
    await ended(run);
  });

  test('ends with an announcement: what it aborts is dropped, what completed is told, and checkpoints are made again', async () => {
    const writers: KeepingWriter[] = [];
    const reader = new CountingReader(Infinity);
    const run = await started(hashJob(reader, writers, 2));
    run.checkpoints.isActing = false;

    const first = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(first));
    run.post({ kind: 'leader-lost' });
    run.post({ kind: 'announce-checkpoints', ...KEY, completed: first, issued: parseCheckpointId(9n), pending: [] });
    await eventually(() => visibleIn(writers).length === positionIn(run, first));
    run.checkpoints.skipTo(9n);
    const next = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(next));

    expect(next).toBe(10n);
    run.cancel();
    await ended(run);
  });
});

describe('the end of the input', () => {
  test('needs one checkpoint for all subtasks, asked for by the last of them, and commits everything', async () => {
    const writers: KeepingWriter[] = [];
    const run = await started(hashJob(new CountingReader(1_000), writers, 3));
    await ended(run);

    expect([run.checkpoints.wanted, run.checkpoints.completed.length]).toStrictEqual([1, 1]);
    expect(visibleIn(writers)).toStrictEqual([...Array(1_000).keys()]);
    expect(run.failures).toStrictEqual([]);
  });

  test('is not reported before a checkpoint that holds it has completed', async () => {
    const writers: KeepingWriter[] = [];
    const run = openSlots(hashJob(new CountingReader(100), writers, 1));
    run.checkpoints.isActing = false;
    await eventually(() => run.reports.filter(({ state }) => state === 'ready').length === 2);
    run.start();
    await eventually(() => run.checkpoints.wanted > 0);
    await turns(30);
    const early = run.reports.filter(({ state }) => state === 'finished').length;

    const first = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(first));
    run.checkpoints.abort(first);
    await turns(20);
    const afterAbort = run.reports.filter(({ state }) => state === 'finished').length;
    const second = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.isAcknowledged(second));
    const snapshots = [...run.checkpoints.snapshotsOf(second).values()];
    run.checkpoints.complete(second);
    await ended(run);

    expect([early, afterAbort]).toStrictEqual([0, 0]);
    expect(snapshots.flatMap(({ operators }) => operators).every(({ isFinished }) => isFinished)).toBe(true);
    expect(visibleIn(writers)).toStrictEqual([...Array(100).keys()]);
  });

  test('that was told before a restart is not told again: what it led to is committed', async () => {
    const [short, long, writer] = [new CountingReader(10), new CountingReader(Infinity), new KeepingWriter()];
    let ends = 0;
    const job = twoBranchesJob(short, long, writer, () => (ends += 1));
    const first = await started(job);
    await eventually(() => first.checkpoints.completed.length > 0);
    const checkpoint = first.checkpoints.completed[0]!;
    const isCut = first.checkpoints.snapshotsOf(checkpoint).get('count#0')?.operators[0]?.isFinished;
    const operators = [...first.checkpoints.snapshotsOf(checkpoint).values()].flatMap((snapshot) =>
      snapshot.operators.map((operator) => operatorMetadataOf(operator)),
    );
    first.cancel();
    await ended(first);
    const endsBefore = ends;
    const restored = new MemorySlotState({ restored: { ...EMPTY_METADATA, checkpoint, operators } });
    const second = await started(
      twoBranchesJob(new CountingReader(0), long, writer, () => (ends += 1)),
      {},
      restored,
    );
    await eventually(() => second.statesOf('count').includes('finished'));
    second.cancel();
    await ended(second);

    expect([isCut, endsBefore, ends]).toStrictEqual([true, 1, 1]);
  });

  test('of one source lets the other go on, and checkpoints pass through what both feed', async () => {
    const [short, long] = [new CountingReader(10), new CountingReader(Infinity)];
    const writer = new KeepingWriter();
    const run = await started(unionJob(short, long, writer));

    const first = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.completed.includes(first));
    const second = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.completed.includes(second));
    await eventually(() => run.statesOf('fast').includes('finished'));
    const third = run.checkpoints.trigger();
    await eventually(() => run.checkpoints.completed.includes(third));

    expect([...run.checkpoints.snapshotsOf(third).keys()].sort()).toStrictEqual(['out#0', 'slow#0']);
    expect(run.statesOf('out').at(-1)).toBe('running');
    run.cancel();
    await ended(run);
  });
});

describe('a final checkpoint', () => {
  test('that stops: nothing is read behind the barrier, no end is told, and everything ends with its completion', async () => {
    const reader = new CountingReader(Infinity);
    const writer = new KeepingWriter();
    let ends = 0;
    const run = await started(finishingJob(reader, writer, () => (ends += 1)));

    await eventually(() => reader.handedOver > 100);
    const checkpoint = run.checkpoints.trigger('stop');
    await ended(run);

    expect(positionIn(run, checkpoint)).toBe(reader.handedOver);
    expect(writer.visible).toHaveLength(reader.handedOver);
    expect(ends).toBe(0);
    expect(
      [...run.checkpoints.snapshotsOf(checkpoint).values()].some(({ operators }) => operators[0]?.isFinished === true),
    ).toBe(false);
    expect(run.failures).toStrictEqual([]);
  });

  test('that stops and is aborted: the source reads on', async () => {
    const reader = new CountingReader(Infinity);
    const run = await started(chainJob(reader, new KeepingWriter()));
    run.checkpoints.isActing = false;

    const checkpoint = run.checkpoints.trigger('stop');
    await eventually(() => run.checkpoints.isAcknowledged(checkpoint));
    await turns(20);
    const stopped = reader.handedOver;
    await turns(20);
    const stillStopped = reader.handedOver;
    run.checkpoints.abort(checkpoint);
    await eventually(() => reader.handedOver > stopped);

    expect(stillStopped).toBe(stopped);
    run.cancel();
    await ended(run);
  });

  test('that drains: operators are told the end before the barrier, and what they emit is committed with it', async () => {
    const reader = new CountingReader(Infinity);
    const writer = new KeepingWriter();
    let ends = 0;
    const run = await started(finishingJob(reader, writer, () => (ends += 1)));

    await eventually(() => reader.handedOver > 100);
    const checkpoint = run.checkpoints.trigger('drain');
    await ended(run);

    expect(ends).toBe(1);
    expect(writer.visible).toHaveLength(reader.handedOver + 1);
    expect(
      [...run.checkpoints.snapshotsOf(checkpoint).values()].every(({ operators }) => operators[0]?.isFinished === true),
    ).toBe(true);
  });

  test('that drains and is aborted fails the attempt: the end that was told cannot be taken back', async () => {
    const run = await started(chainJob(new CountingReader(Infinity), new KeepingWriter()));
    run.checkpoints.isActing = false;

    const checkpoint = run.checkpoints.trigger('drain');
    await eventually(() => run.checkpoints.isAcknowledged(checkpoint));
    run.checkpoints.abort(checkpoint);
    await eventually(() => run.statesOf('numbers').includes('failed'));
    run.cancel();
    await ended(run);

    expect(run.reports.find(({ state }) => state === 'failed')?.failure?.code).toBe('drain-failed');
  });
});

class RefusingStore extends MemorySnapshotStore {
  isRefusing = false;

  override async put(...call: Parameters<MemorySnapshotStore['put']>): Promise<PutAnswer> {
    return this.isRefusing ? await Promise.reject(new Error('out of order')) : await super.put(...call);
  }
}

async function started(
  job: JobDefinition,
  limits: Parameters<typeof openSlots>[1] = {},
  state: MemorySlotState = new MemorySlotState(),
): Promise<SlotRun> {
  const run = openSlots(job, limits, () => state);
  await eventually(() => run.areAllReady);
  run.start();
  return run;
}

async function ended(run: SlotRun): Promise<void> {
  await Promise.all(run.slots.map(async (slot) => await slot.ended));
}

function positionIn(run: SlotRun, checkpoint: bigint): number {
  const snapshot = run.checkpoints.snapshotsOf(parseCheckpointId(checkpoint)).get('numbers#0');
  return Number(snapshot?.operators[0]?.splits[0]?.position ?? 0);
}

function committablesIn(run: SlotRun, checkpoint: bigint) {
  return [...run.checkpoints.snapshotsOf(parseCheckpointId(checkpoint)).values()].flatMap(({ operators }) =>
    operators.flatMap(({ committables }) => committables),
  );
}

function visibleIn(writers: readonly KeepingWriter[]): readonly number[] {
  return sorted(writers.flatMap(({ visible }) => visible));
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}

function chainJob(reader: CountingReader, writer: KeepingWriter): JobDefinition {
  return defineJob('chain', (flow) => {
    flow.source(numbers(reader), { uid: 'numbers' }).sinkTo(keeping(writer), { uid: 'out' });
  });
}

/** A writer for each subtask. */
function hashJob(reader: CountingReader, writers: KeepingWriter[], parallelism: number): JobDefinition {
  return defineJob('hash', (flow) => {
    flow
      .source(numbers(reader), { uid: 'numbers' })
      .keyBy((value) => String(value))
      .process<number>(
        {
          process: (value, context) => {
            context.emit(value);
          },
        },
        { uid: 'keyed', parallelism },
      )
      .sinkTo(
        customSink({
          summary: 'kept',
          createWriter: () => {
            const writer = new KeepingWriter();
            writers.push(writer);
            return writer;
          },
        }),
        { uid: 'out', parallelism },
      );
  });
}

function unionJob(fast: CountingReader, slow: CountingReader, writer: KeepingWriter): JobDefinition {
  return defineJob('union', (flow) => {
    const first = flow.source(numbers(fast), { uid: 'fast' });
    flow.source(numbers(slow), { uid: 'slow' }).union(first).sinkTo(keeping(writer), { uid: 'out' });
  });
}

/** Emits the number of records once more at the end. */
function finishingJob(reader: CountingReader, writer: KeepingWriter, onFinish: () => void): JobDefinition {
  return defineJob('finishing', (flow) => {
    flow
      .source(numbers(reader), { uid: 'numbers' })
      .rebalance()
      .process<number>(
        {
          process: (value, context) => {
            context.emit(value);
          },
          finish: (context) => {
            onFinish();
            context.emit(-1);
          },
        },
        { uid: 'count' },
      )
      .sinkTo(keeping(writer), { uid: 'out' });
  });
}

/** A branch that ends soon, with a word at its end, and one that goes on. */
function twoBranchesJob(
  short: CountingReader,
  long: CountingReader,
  writer: KeepingWriter,
  onFinish: () => void,
): JobDefinition {
  return defineJob('branches', (flow) => {
    flow
      .source(numbers(short), { uid: 'short' })
      .rebalance()
      .process<number>({ process: () => undefined, finish: onFinish }, { uid: 'count' })
      .sinkTo(keeping(writer), { uid: 'out' });
    flow.source(numbers(long), { uid: 'long' }).sinkTo(keeping(new KeepingWriter()), { uid: 'long-out' });
  });
}

const EMPTY_METADATA: Omit<CheckpointMetadata, 'checkpoint' | 'operators'> = {
  jobId: KEY.jobId,
  kind: 'checkpoint',
  leaderEpoch: parseLeaderEpoch(1n),
  attempt: KEY.attempt,
  triggeredAtMs: 0,
  completedAtMs: 0,
  lineage: 'lineage',
  fingerprint: '',
  artifact: '',
};

/** Of an operator with one subtask and no keyed state. */
function operatorMetadataOf({ uid, states, lists, splits, isFinished }: OperatorSnapshot): OperatorMetadata {
  return {
    uid,
    name: uid,
    parallelism: 1,
    maxParallelism: 128,
    hashId: KEY_HASH_ID,
    states,
    subtasks: [{ keyed: [], lists, splits, committables: [], isFinished, watermarkMs: undefined }],
    coordinatorState: undefined,
  };
}

/** Keeps a count for each key. */
function countJob(reader: CountingReader, writer: KeepingWriter): JobDefinition {
  return defineJob('count', (flow) => {
    flow
      .source(numbers(reader), { uid: 'numbers' })
      .keyBy((value) => String(value % 1_000))
      .process<number>(new Counting(), { uid: 'count' })
      .sinkTo(keeping(writer), { uid: 'out' });
  });
}

class Counting implements KeyedProcessFunction<number, number> {
  #state: ValueState<string> | undefined;

  open(context: KeyedRuntimeContext): void {
    this.#state = context.state.value(SEEN);
  }

  process(value: number, context: KeyedProcessContext<number>): void {
    this.#state?.update(incompressible(value));
    context.emit(value);
  }
}

/** Large enough in sum that a snapshot becomes an object of the store. */
const SEEN = valueState<string>({ name: 'seen' });

function incompressible(value: number): string {
  const random = seededRandom(value);
  return Array.from({ length: 12 }, () => random.next().toString(36)).join('');
}
