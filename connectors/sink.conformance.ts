import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CoordinatorConnector, TaskConnector } from '../shared/connector/connector.ts';
import type { Committable, SinkSpec, SinkWriter } from '../shared/connector/sink.ts';
import { WakeSignal, committerContext, writerContext } from './connector-testing.ts';
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

/** The sink port's contract (shared/connector/sink.ts, I1 to I4), for every connector that has a sink. */
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
      await writer.open(writerContext({ ...sink.outside, signal: new WakeSignal(), attempt, subtask }), never);
      return writer;
    };

    const commit = async (committables: readonly Committable[]): Promise<void> => {
      const committer = sink.coordinator.createCommitter(sink.spec, committerContext(sink.outside));
      try {
        await committer.commit(committables, never);
      } finally {
        await committer.close();
      }
    };

    test('what was written is visible once it is prepared and committed', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 50);

      await commit(await writer.prepareCommit(never));

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 50));
    });

    test('prepared output shows exactly when the guarantee says so', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 10);

      const committables = await writer.prepareCommit(never);

      expect(await sink.readVisible()).toStrictEqual(sink.guarantee === 'exactly-once' ? [] : identities(sink, 0, 10));
      expect(committables.length > 0).toBe(sink.guarantee === 'exactly-once');
    });

    test('a commit may be repeated, also together with later ones', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 10);
      const first = await writer.prepareCommit(never);
      await commit(first);
      writeAll(sink, writer, 10, 20);
      const second = await writer.prepareCommit(never);

      await commit([...first, ...second]);
      await commit([...first, ...second]);

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 20));
    });

    test('a writer that wrote nothing has nothing to commit', async () => {
      const writer = await openWriter();

      expect(await writer.prepareCommit(never)).toStrictEqual([]);
    });

    test('what is written after the preparation belongs to the next commit', async () => {
      const writer = await openWriter();
      writeAll(sink, writer, 0, 5);
      const preparing = writer.prepareCommit(never);
      writeAll(sink, writer, 5, 8);
      await commit(await preparing);
      const visibleFirst = await sink.readVisible();

      await commit(await writer.prepareCommit(never));

      expect(visibleFirst).toEqual(expect.arrayContaining([...identities(sink, 0, 5)]));
      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 8));
    });

    test('two subtasks write side by side', async () => {
      const writers = [await openWriter(1, 0), await openWriter(1, 1)] as const;
      writeAll(sink, writers[0], 0, 10);
      writeAll(sink, writers[1], 10, 20);

      await commit([...(await writers[0].prepareCommit(never)), ...(await writers[1].prepareCommit(never))]);

      expect(await sink.readVisible()).toStrictEqual(identities(sink, 0, 20));
    });

    test('uncommitted output of an aborted attempt never shows under exactly-once, and the next attempt writes anew', async () => {
      const first = await openWriter(1);
      writeAll(sink, first, 0, 10);
      await first.prepareCommit(never);
      writeAll(sink, first, 10, 20);
      await first.flush(never);
      await first.close();

      const second = await openWriter(2);
      writeAll(sink, second, 0, 20);
      await commit(await second.prepareCommit(never));

      const visible = await sink.readVisible();
      expect([...new Set(visible)]).toStrictEqual(identities(sink, 0, 20));
      expect(visible.length).toBe(sink.guarantee === 'exactly-once' ? 20 : 40);
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

function writeAll(sink: SinkUnderTest, writer: SinkWriter<unknown>, from: number, to: number): void {
  for (let n = from; n < to; n += 1) {
    writer.write(sink.record(n));
  }
}

function identities(sink: SinkUnderTest, from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, i) => sink.identify(sink.record(from + i))).sort();
}
