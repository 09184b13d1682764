import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CoordinatorConnector, TaskConnector } from '../shared/connector/connector.ts';
import type { SourceReader, SourceSpec, SplitSnapshot, SplitState } from '../shared/connector/source.ts';
import { WakeSignal, enumeratorContext, readerContext } from './connector-testing.ts';
import type { Outside } from './connector-testing.ts';

/** A bounded source with known content, of at least four records in at least two splits. */
export interface SourceUnderTest {
  readonly spec: SourceSpec<unknown>;
  readonly coordinator: CoordinatorConnector;
  readonly task: TaskConnector;
  readonly outside?: Outside;
  /** What tells one record from every other. */
  identify(value: unknown): string;
  /** Every record, by split, in the order in which a reader hands them over. */
  readonly expected: ReadonlyMap<string, readonly string[]>;
  cleanUp?(): Promise<void>;
}

/** The source port's contract (shared/connector/source.ts, I1 to I3), for every connector that has a source. */
export function describeSourceConformance(name: string, setUp: () => Promise<SourceUnderTest>): void {
  describe(`${name}: the contract of a source`, () => {
    let source: SourceUnderTest;
    let run: ReaderRun | undefined;

    beforeEach(async () => {
      source = await setUp();
    });

    afterEach(async () => {
      await run?.close();
      run = undefined;
      await source.cleanUp?.();
    });

    test('it hands over every record once, in the order of its split, and then finishes', async () => {
      run = await startReader(source, await discoverAll(source));

      await run.readToEnd(100);

      expect(run.bySplit()).toStrictEqual(sorted(source.expected));
    });

    test('a poll never hands over more than asked', async () => {
      run = await startReader(source, await discoverAll(source));

      const largest = await run.readToEnd(1);

      expect(largest).toBe(1);
      expect(run.bySplit()).toStrictEqual(sorted(source.expected));
    });

    test('a reader restored from a snapshot at any record goes on with the next one', async () => {
      const total = [...source.expected.values()].flat().length;

      for (const stopAfter of boundaries(total)) {
        const splits = await discoverAll(source);
        const first = await startReader(source, splits);
        await first.readRecords(stopAfter);
        const remaining = [...first.snapshot().filter(({ isFinished }) => !isFinished), ...first.unassigned()];
        await first.close();
        const second = await startReader(source, remaining);
        await second.readToEnd(10);
        await second.close();

        expect(sorted(merged(first.received, second.received)), `stopped after ${stopAfter} records`).toStrictEqual(
          sorted(source.expected),
        );
      }
    });

    test('a snapshot describes every split that the reader was given, before the first poll as after the last', async () => {
      const splits = await discoverAll(source);
      run = await startReader(source, splits);

      const before = [...run.snapshot(), ...run.unassigned()].map((split) => split.id).sort();
      await run.readToEnd(10);
      const after = run.snapshot();

      expect(before).toStrictEqual(splits.map((split) => split.id).sort());
      expect(after.map((split) => split.id).sort()).toStrictEqual(before);
      expect(after.filter(({ isFinished }) => !isFinished)).toStrictEqual([]);
    });

    test('what a checkpoint that completed says of the splits may be told to the reader at any time', async () => {
      run = await startReader(source, await discoverAll(source));
      const early = run.snapshot();
      await run.readRecords(2);

      run.checkpointCompleted(early);
      await run.readToEnd(10);
      run.checkpointCompleted(run.snapshot());

      expect(run.bySplit()).toStrictEqual(sorted(source.expected));
    });

    test('a reader with nothing to read finishes only when it is told that no split will come', async () => {
      run = await startReader(source, [], false);

      const before = run.poll(10);
      run.noMoreSplits();
      const after = run.poll(10);

      expect(before).toBe('wait');
      expect(after).toBe('finished');
    });

    test('discovery leaves out what is known', async () => {
      const splits = await discoverAll(source);

      const again = await discoverAll(source, splits);

      expect(again).toStrictEqual([]);
    });

    test('closing a reader that still has records ends', async () => {
      run = await startReader(source, await discoverAll(source));
      await run.readRecords(1);

      await expect(run.close()).resolves.toBeUndefined();
    });
  });
}

async function discoverAll(source: SourceUnderTest, known: readonly SplitState[] = []): Promise<readonly SplitState[]> {
  const enumerator = source.coordinator.createEnumerator(source.spec, enumeratorContext(source.outside));
  try {
    const { splits } = await enumerator.discover(new Set(known.map((split) => split.id)), new AbortController().signal);
    return splits;
  } finally {
    await enumerator.close();
  }
}

/** A reader that is fed as the coordinator would feed it: all at once, or one split per request. */
async function startReader(
  source: SourceUnderTest,
  splits: readonly SplitState[],
  isComplete = true,
): Promise<ReaderRun> {
  const enumerator = source.coordinator.createEnumerator(source.spec, enumeratorContext(source.outside));
  const { assignment } = enumerator;
  await enumerator.close();
  const run = new ReaderRun(source, splits, isComplete);
  await run.open(assignment);
  return run;
}

class ReaderRun {
  readonly received = new Map<string, string[]>();
  readonly #source: SourceUnderTest;
  readonly #reader: SourceReader<unknown>;
  readonly #signal = new WakeSignal();
  readonly #queue: SplitState[];
  readonly #isComplete: boolean;
  #isClosed = false;
  #count = 0;

  constructor(source: SourceUnderTest, splits: readonly SplitState[], isComplete: boolean) {
    this.#source = source;
    this.#reader = source.task.createReader(source.spec);
    this.#queue = [...splits];
    this.#isComplete = isComplete;
  }

  async open(assignment: 'eager' | 'on-request'): Promise<void> {
    const requestSplit = (): void => {
      queueMicrotask(() => {
        this.#answerRequest();
      });
    };
    const context = readerContext({ ...this.#source.outside, signal: this.#signal, requestSplit });
    await this.#reader.open(context, new AbortController().signal);
    if (assignment === 'eager') {
      this.#reader.addSplits(this.#queue.splice(0));
      if (this.#isComplete) {
        this.#reader.noMoreSplits();
      }
    }
  }

  poll(recordsMax: number): 'more' | 'wait' | 'finished' {
    return this.#reader.poll(recordsMax, {
      collect: (value, _timestampMs, split) => {
        this.#count += 1;
        const list = this.received.get(split) ?? [];
        list.push(this.#source.identify(value));
        this.received.set(split, list);
      },
    });
  }

  /** Reads until the reader finishes; returns the largest number of records of one poll. */
  async readToEnd(recordsMax: number): Promise<number> {
    let largest = 0;
    for (;;) {
      const before = this.#count;
      const result = this.poll(recordsMax);
      largest = Math.max(largest, this.#count - before);
      if (result === 'finished') {
        return largest;
      }
      if (result === 'wait') {
        await this.#signal.next();
      }
    }
  }

  async readRecords(count: number): Promise<void> {
    while (this.#count < count) {
      if (this.poll(1) === 'wait' && this.#count < count) {
        await this.#signal.next();
      }
    }
  }

  snapshot(): readonly SplitSnapshot[] {
    return this.#reader.snapshot();
  }

  checkpointCompleted(splits: readonly SplitSnapshot[]): void {
    this.#reader.checkpointCompleted?.(splits);
  }

  /** Splits that no reader was given yet. */
  unassigned(): readonly SplitState[] {
    return this.#queue;
  }

  noMoreSplits(): void {
    this.#reader.noMoreSplits();
  }

  bySplit(): ReadonlyMap<string, readonly string[]> {
    return sorted(this.received);
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      await this.#reader.close();
    }
  }

  #answerRequest(): void {
    const next = this.#queue.shift();
    if (this.#isClosed) {
      return;
    }
    if (next !== undefined) {
      this.#reader.addSplits([next]);
    } else if (this.#isComplete) {
      this.#reader.noMoreSplits();
    }
  }
}

/** Every boundary of a small source; of a large one the first, the last and some between. */
function boundaries(total: number): readonly number[] {
  const all = Array.from({ length: total + 1 }, (_, i) => i);
  const step = Math.max(1, Math.floor(total / 12));
  return all.filter((i) => i % step === 0 || i === total - 1 || i === total);
}

function merged(...maps: readonly ReadonlyMap<string, readonly string[]>[]): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, readonly string[]>();
  for (const map of maps) {
    for (const [split, records] of map) {
      out.set(split, [...(out.get(split) ?? []), ...records]);
    }
  }
  return out;
}

function sorted(map: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, readonly string[]> {
  return new Map([...map].filter(([, records]) => records.length > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}
