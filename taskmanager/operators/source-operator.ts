import type { PollResult, SourceOutput, SourceReader } from '../../shared/connector/source.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { WatermarkStrategy } from '../../shared/functions/watermarks.ts';
import type { SplitId } from '../../shared/ids.ts';
import type { TimeElement } from '../../shared/stream-element.ts';
import type { Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed, USER_FUNCTION_FAILED } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { SplitWatermarks } from './split-watermarks.ts';
import type { StateContext } from './state-context.ts';

/** From one watermark to the next (Flink: `pipeline.auto-watermark-interval`). */
const TICK_MS = 200;

/** Takes records from a source's reader. The head of its chain; nothing calls its `record`. */
export class SourceOperator implements Operator, SourceOutput<unknown> {
  readonly scope: OperatorScope;
  readonly reader: SourceReader<unknown>;
  readonly #received: HotCount;
  readonly #main: OperatorOutput;
  readonly #strategy: WatermarkStrategy<unknown> | undefined;
  readonly #watermarks: SplitWatermarks | undefined;
  #context: StateContext | undefined;
  #cancelTick: (() => void) | undefined;
  #tickedAtMs: number | undefined;
  /** Time in which the source could read: it stands still while its outputs are full. */
  #readingMs = 0;
  isTickDue = false;

  constructor(parts: OperatorParts, reader: SourceReader<unknown>, strategy?: WatermarkStrategy<unknown>) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#main = parts.main;
    this.reader = reader;
    this.#strategy = strategy;
    this.#watermarks = strategy === undefined ? undefined : new SplitWatermarks(strategy);
  }

  async restore(context: StateContext): Promise<void> {
    this.#context = context;
    if (this.#watermarks !== undefined) {
      this.#tickLater(context);
    }
    await Promise.resolve();
  }

  close(): void {
    this.#cancelTick?.();
  }

  /** How far time is: what goes on to every consumer. The next tick comes by itself, and is taken when the source may run. */
  tick(): readonly TimeElement[] {
    this.isTickDue = false;
    const context = this.#context;
    if (context === undefined || this.#watermarks === undefined) {
      return [];
    }
    const now = context.nowMs();
    this.#readingMs += Math.min(Math.max(0, now - (this.#tickedAtMs ?? now)), 2 * TICK_MS);
    this.#tickedAtMs = now;
    this.#tickLater(context);
    return this.#watermarks.tick(this.#readingMs, this.#ownedSplits());
  }

  #tickLater({ after, wake }: StateContext): void {
    this.#cancelTick = after(TICK_MS, () => {
      this.isTickDue = true;
      wake();
    });
  }

  /** At most `recordsMax` records down the chain. */
  poll(recordsMax: number): PollResult {
    try {
      return this.reader.poll(recordsMax, this);
    } catch (error) {
      throw placed(error, this.scope);
    }
  }

  collect(value: unknown, timestampMs: number | undefined, split: SplitId): void {
    this.#received.value += 1;
    try {
      this.#main.emit(value, this.#strategy === undefined ? timestampMs : this.#timeOf(value, timestampMs, split));
    } catch (error) {
      throw withPosition(placed(error, this.scope), value, split);
    }
  }

  record(): void {
    throw new Error('a source has no input');
  }

  /** The record's event time, by the strategy; the watermarks learn it. */
  #timeOf(value: unknown, sourceTimestampMs: number | undefined, split: SplitId): number | undefined {
    const timestampMs =
      this.#strategy?.timestamp === undefined ? sourceTimestampMs : this.#strategy.timestamp(value, sourceTimestampMs);
    if (timestampMs === undefined || !Number.isFinite(timestampMs)) {
      return undefined;
    }
    this.#watermarks?.record(split, timestampMs);
    return timestampMs;
  }

  #ownedSplits(): ReadonlySet<SplitId> {
    try {
      return new Set(this.reader.snapshot().flatMap(({ id, isFinished }) => (isFinished ? [] : [id])));
    } catch (error) {
      throw placed(error, this.scope);
    }
  }
}

/** A failure of the chain behind the source says for which record: its position, never its content. */
function withPosition(error: StreamError, value: unknown, split: SplitId): StreamError {
  const { failure } = error;
  if (failure.code !== USER_FUNCTION_FAILED) {
    return error;
  }
  const message = `${failure.message} (at the record ${positionOf(value) ?? 'at an unknown position'} of split ${split})`;
  return new StreamError({ ...failure, message }, { cause: error });
}

/** `partition:offset` of a SourceRecord; undefined when the source's `deserialize` made something else of it. */
function positionOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('position' in value)) {
    return undefined;
  }
  const { position } = value;
  if (typeof position !== 'object' || position === null || !('partition' in position) || !('offset' in position)) {
    return undefined;
  }
  const { partition, offset } = position;
  return typeof partition === 'number' && typeof offset === 'bigint' ? `${partition}:${offset}` : undefined;
}
