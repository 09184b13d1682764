import type {
  PollResult,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitSnapshot,
  SplitState,
} from '../../shared/connector/source.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { SplitId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import { encodeGeneratorSplit, parseGeneratorSplit, recordRandom, splitLength } from './generator-split.ts';
import type { ResolvedGeneratorSource } from './source-spec.ts';

interface LiveSplit {
  readonly id: SplitId;
  readonly number: number;
  readonly startedAtMs: number;
  readonly length: number;
  /** Where this reader took it up, and when on the monotonic clock: the rate counts from here. */
  readonly resumedFrom: number;
  readonly resumedAt: number;
  next: number;
}

/** A sleep is cut into pieces of this length at most, so that no timer overflows. */
const SLEEP_MS_MAX = 60_000;

/**
 * Makes the records of its splits in turn, when it is polled: nothing is buffered.
 * With a rate, record k of a split is due k ÷ (rate ÷ splits) after the split was taken up; a sleep wakes the loop.
 */
export class GeneratorReader implements SourceReader<unknown> {
  readonly #source: ResolvedGeneratorSource;
  readonly #abort = new AbortController();
  readonly #splits: LiveSplit[] = [];
  readonly #finished: SplitSnapshot[] = [];
  #context: SourceReaderContext | undefined;
  #waiting: readonly SplitState[] = [];
  #turn = 0;
  #isComplete = false;
  #sleeping: Promise<void> | undefined;
  #bytesIn: Counter | undefined;

  constructor(source: ResolvedGeneratorSource) {
    this.#source = source;
  }

  async open(context: SourceReaderContext): Promise<void> {
    this.#context = context;
    this.#bytesIn = context.metrics.counter('numBytesIn');
    this.#take(this.#waiting);
    this.#waiting = [];
    await Promise.resolve();
  }

  addSplits(splits: readonly SplitState[]): void {
    if (this.#context === undefined) {
      this.#waiting = [...this.#waiting, ...splits];
      return;
    }
    this.#take(splits);
    this.#context.wake();
  }

  noMoreSplits(): void {
    this.#isComplete = true;
    this.#context?.wake();
  }

  poll(recordsMax: number, output: SourceOutput<unknown>): PollResult {
    const now = required(this.#context, 'the context of an open generator').clock.monotonicMs();
    let missed = 0;
    for (let count = 0; count < recordsMax && this.#splits.length > 0 && missed < this.#splits.length;) {
      this.#turn = (this.#turn + 1) % this.#splits.length;
      const split = this.#splits[this.#turn];
      if (split === undefined || this.#dueInMs(split, now) > 0) {
        missed += 1;
        continue;
      }
      missed = 0;
      count += 1;
      this.#make(split, output);
      if (split.next >= split.length) {
        this.#splits.splice(this.#turn, 1);
        this.#finished.push(snapshotOf(split));
      }
    }
    if (this.#splits.length === 0) {
      return this.#isComplete ? 'finished' : 'wait';
    }
    const dueInMs = Math.min(...this.#splits.map((split) => this.#dueInMs(split, now)));
    if (dueInMs <= 0) {
      return 'more';
    }
    this.#sleep(dueInMs);
    return 'wait';
  }

  snapshot(): readonly SplitSnapshot[] {
    const waiting = this.#waiting.map((state) => ({ ...state, isFinished: false }));
    return [...this.#finished, ...waiting, ...this.#splits.map(snapshotOf)];
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#sleeping;
  }

  #take(splits: readonly SplitState[]): void {
    const { clock } = required(this.#context, 'the context of an open generator');
    for (const state of splits) {
      const { number, startedAtMs, next } = parseGeneratorSplit(state);
      const length = splitLength(this.#source.count, this.#source.splits, number);
      const resumed = { resumedFrom: next, resumedAt: clock.monotonicMs() };
      const split = { id: state.id, number, startedAtMs, length, next, ...resumed };
      if (next < length) {
        this.#splits.push(split);
      } else {
        this.#finished.push(snapshotOf(split));
      }
    }
  }

  #make(split: LiveSplit, output: SourceOutput<unknown>): void {
    const index = split.number + split.next * this.#source.splits;
    const made = this.#source.next(index, recordRandom(this.#source.seed, index));
    const timestampMs = made.timestampMs ?? split.startedAtMs + this.#placeInTimeMs(index);
    const offset = BigInt(split.next);
    split.next += 1;
    this.#bytesIn?.add(made.value.length);
    const value = this.#source.deserialize({
      key: made.key,
      value: made.value,
      headers: made.headers ?? {},
      position: { split: split.id, partition: split.number, offset, timestampMs },
    });
    output.collect(value, timestampMs, split.id);
  }

  #placeInTimeMs(index: number): number {
    return this.#source.ratePerSecond === undefined ? 0 : Math.floor((index * 1_000) / this.#source.ratePerSecond);
  }

  /** Not positive when the split's next record is due. */
  #dueInMs(split: LiveSplit, now: number): number {
    if (this.#source.ratePerSecond === undefined) {
      return 0;
    }
    const everyMs = (1_000 * this.#source.splits) / this.#source.ratePerSecond;
    return split.resumedAt + (split.next - split.resumedFrom) * everyMs - now;
  }

  #sleep(ms: number): void {
    if (this.#sleeping === undefined && !this.#abort.signal.aborted) {
      this.#sleeping = this.#runSleep(ms);
    }
  }

  async #runSleep(ms: number): Promise<void> {
    const context = required(this.#context, 'the context of an open generator');
    try {
      await context.clock.sleep(Math.max(1, Math.min(ms, SLEEP_MS_MAX)), this.#abort.signal);
    } catch (error) {
      context.fail(classifyUnknown(error, 'generator source'));
    } finally {
      this.#sleeping = undefined;
    }
    context.wake();
  }
}

function snapshotOf({ number, startedAtMs, length, next }: LiveSplit): SplitSnapshot {
  return { ...encodeGeneratorSplit({ number, startedAtMs, next }), isFinished: next >= length };
}
