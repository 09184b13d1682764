import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CoordinatorConnector, TaskConnector } from '../shared/connector/connector.ts';
import type { Committable, SinkCommitter, SinkSpec, SinkWriter } from '../shared/connector/sink.ts';
import { StreamError } from '../shared/failure/failure.ts';
import type { CheckpointId } from '../shared/ids.ts';
import { parseAttemptNumber, parseCheckpointId } from '../shared/ids.ts';
import { TESTED_TRANSACTION_POOL, WakeSignal, committerContext, writerContext } from './connector-testing.ts';
import type { Outside } from './connector-testing.ts';

/** A sink over an empty outside. */
export interface SinkUnderTest {
  readonly spec: SinkSpec<unknown>;
  readonly coordinator: CoordinatorConnector;
  readonly task: TaskConnector;
  readonly outside?: Outside;
  /** `exactly-once`: output shows by the commit. `at-least-once`: output shows by the flush, and there are no committables. */
  readonly guarantee: 'exactly-once' | 'at-least-once';
  /** The n-th value to write; different for every n. */
  record(n: number): unknown;
  identify(value: unknown): string;
  /** What the outside shows now, by `identify` of what was written; sorted. */
  readVisible(): Promise<readonly string[]>;
  /** Bytes that a writer may buffer at most before it is not writable, for the test of back-pressure: the spec's own bound. */
  readonly bufferedBytesMax: number;
  readonly recordBytes: number;
  cleanUp?(): Promise<void>;
}

const never = new AbortController().signal;

/** The sink port's contract (shared/connector/sink.ts, I1 to I5), for every connector that has a sink. */
export function describeSinkConformance(name: string, setUp: () => Promise<SinkUnderTest>): void {
  describe(`${name}: the contract of a sink`, () => {
    let sink: SinkUnderTest;
    let open: SinkWriter<unknown>[];

    beforeEach(async () => {
      sink = await setUp();
      open = [];
    });

    afterEach(async () => {
      for (const writer of open) {
        await writer.close();
      }
      await sink.cleanUp?.();
    });

    const openWriter = async (attempt = 1, subtask = 0): Promise<SinkWriter<unknown>> => {
      const writer = sink.task.createWriter(sink.spec);
      open.push(writer);
      const outside = { ...sink.outside, signal: new WakeSignal(), attempt, subtask, parallelism: 2 };
      await writer.open(writerContext(outside), never);
      return writer;
    };

    const withCommitter = async <T>(work: (committer: SinkCommitter) => Promise<T>): Promise<T> => {
      const committer = sink.coordinator.createCommitter(sink.spec, committerContext(sink.outside));
      try {
        return await work(committer);
      } finally {
        await committer.close();
      }
    };

    const commit = async (committables: readonly Committable[]): Promise<void> => {
      await withCommitter(async (committer) => {
        await committer.commit(committables, never);
      });
    };

    const abandon = async (attempt: number): Promise<void> => {
      const abandoned = {
        attempt: parseAttemptNumber(attempt),
        parallelism: 2,
        transactionPool: TESTED_TRANSACTION_POOL,
      };
      await withCommitter(async (committer) => {
        await committer.abandon(abandoned, never);
      });
    };

    test('what was written is visible once it is prepared and committed', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 50);

      await commit(await prepare(writer, 1));

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 50));
    });

    test('prepared output shows exactly when the guarantee says so', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 10);

      const committables = await prepare(writer, 1);

      expect(await sink.readVisible()).toStrictEqual(sink.guarantee === 'exactly-once' ? [] : identities(sink, 0, 10));
      expect(committables.length > 0).toBe(sink.guarantee === 'exactly-once');
    });

    test('a commit may be repeated, also together with later ones', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 10);
      const first = await prepare(writer, 1);
      await commit(first);
      writeAll(sink, writer, 10, 20);
      const second = await prepare(writer, 2);

      await commit([...first, ...second]);
      await commit([...first, ...second]);

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 20));
    });

    test('the output of an aborted checkpoint is committed with that of a later one', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 10);
      const first = await prepare(writer, 1);
      writeAll(sink, writer, 10, 20);
      const second = await prepare(writer, 2);

      await commit([...first, ...second]);
      writer.committed(checkpoint(2));

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 20));
    });

    test('many checkpoints, each told to the writer once it is committed, show everything once', async () => {
      const writer = await openWriter();
      for (let n = 1; n <= 12; n += 1) {
        writeAll(sink, writer, n * 10, n * 10 + 10);
        await commit(await prepare(writer, n));
        writer.committed(checkpoint(n));
        writer.committed(checkpoint(n));
      }

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 10, 130));
    });

    test('a writer that wrote nothing has nothing to commit', async () => {
      const writer = await openWriter();

      expect(await prepare(writer, 1)).toStrictEqual([]);
    });

    test('what is written after the preparation began belongs to the next commit', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 5);
      const preparing = prepare(writer, 1);
      writeAll(sink, writer, 5, 8);
      await commit(await preparing);
      const visibleFirst = await sink.readVisible();

      await commit(await prepare(writer, 2));

      expect(visibleFirst).toEqual(expect.arrayContaining([...identities(sink, 0, 5)]));
      if (sink.guarantee === 'exactly-once') {
        expect(visibleFirst).toStrictEqual(identities(sink, 0, 5));
      }
      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 8));
    });

    test('two subtasks write side by side', async () => {
      const writers = [await openWriter(1, 0), await openWriter(1, 1)] as const;
      writeAll(sink, writers[0], 0, 10);
      writeAll(sink, writers[1], 10, 20);

      await commit([...(await prepare(writers[0], 1)), ...(await prepare(writers[1], 1))]);

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 20));
    });

    test('uncommitted output of an abandoned attempt never shows under exactly-once, and the next attempt writes anew', async () => {
      const first = await openWriter(1);
      writeAll(sink, first, 0, 10);
      await prepare(first, 1);
      writeAll(sink, first, 10, 20);
      await first.flush(never);
      await first.close();
      await abandon(1);
      await abandon(1);

      const second = await openWriter(2);
      writeAll(sink, second, 0, 20);
      await commit(await prepare(second, 2));

      const visible = await sink.readVisible();
      expect([...new Set(visible)]).toStrictEqual(identities(sink, 0, 20));
      expect(visible.length).toBe(sink.guarantee === 'exactly-once' ? 20 : 40);
    });

    test('a writer that outlives its abandoned attempt makes nothing visible under exactly-once', async () => {
      const frozen = await openWriter(1);
      writeAll(sink, frozen, 0, 10);
      await prepare(frozen, 1);
      await abandon(1);
      const second = await openWriter(2);
      writeAll(sink, second, 0, 10);

      await endured(async () => {
        writeAll(sink, frozen, 10, 20);
        await prepare(frozen, 2);
        frozen.committed(checkpoint(2));
        writeAll(sink, frozen, 20, 30);
        await prepare(frozen, 3);
      });
      await commit(await prepare(second, 4));

      const visible = await sink.readVisible();
      if (sink.guarantee === 'exactly-once') {
        expect(visible).toStrictEqual(identities(sink, 0, 10));
      }
    });

    test('what an attempt committed stays when it is abandoned', async () => {
      const writer = await openWriter(1);
      writeAll(sink, writer, 0, 10);
      await commit(await prepare(writer, 1));
      await writer.close();

      await abandon(1);

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 10));
    });

    test('a sink with default settings has nothing against a checkpoint every second', async () => {
      const problems = await withCommitter(async (committer) => await committer.check(400_000, never));

      expect(problems).toStrictEqual([]);
    });

    test('a full writer is not writable, and wakes its loop when it is again', async () => {
      const signal = new WakeSignal();
      const writer = sink.task.createWriter(sink.spec);
      open.push(writer);
      await writer.open(writerContext({ ...sink.outside, signal }), never);
      const count = Math.ceil(sink.bufferedBytesMax / sink.recordBytes) + 1;

      writeAll(sink, writer, 0, count);
      const whenFull = writer.isWritable;
      while (!writer.isWritable) {
        await signal.next();
      }

      expect(whenFull).toBe(false);
    });
  });
}

function checkpoint(n: number): CheckpointId {
  return parseCheckpointId(BigInt(n));
}

async function prepare(writer: SinkWriter<unknown>, n: number): Promise<readonly Committable[]> {
  const prepared = await writer.prepareCommit(checkpoint(n), never);
  return prepared.map(({ committable }) => committable);
}

/** A writer whose attempt was abandoned may fail or not: what counts is what shows. */
async function endured(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(StreamError);
  }
}

function writeAll(sink: SinkUnderTest, writer: SinkWriter<unknown>, from: number, to: number): void {
  for (let n = from; n < to; n += 1) {
    writer.write(sink.record(n));
  }
}

function identities(sink: SinkUnderTest, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, i) => sink.identify(sink.record(from + i))).sort();
}
