import type { SplitId } from '../../shared/ids.ts';
import type { TimeElement } from '../../shared/stream-element.ts';

export interface SplitWatermarksOptions {
  readonly maxDelayMs: number;
  readonly idleAfterMs: number | undefined;
}

interface SplitTime {
  latestMs: number;
  /** When its last record came, by the clock that `tick` is given. */
  recordAtMs: number;
}

/**
 * Event time of one source reader from the times of its splits.
 *
 * T1  What goes out never goes back, and goes out only from `tick`: the cost of a watermark does not depend on the records.
 * T2  The least of the splits that are not idle counts; a split that has had no record yet holds time up until it is idle.
 * T3  All idle, or none owned: the furthest idle one goes out, then `idle` (FLINK-38454, 39586). A split that has ended is no
 *     part of anything any more.
 * T4  Something other than `idle` goes out again only behind an `active`.
 */
export class SplitWatermarks {
  readonly #options: SplitWatermarksOptions;
  readonly #splits = new Map<SplitId, SplitTime>();
  #nowMs = 0;
  #outMs = -Infinity;
  #isIdle = false;

  constructor(options: SplitWatermarksOptions) {
    this.#options = options;
  }

  record(split: SplitId, timestampMs: number): void {
    const time = this.#timeOf(split);
    time.latestMs = Math.max(time.latestMs, timestampMs);
    time.recordAtMs = this.#nowMs;
  }

  /** `nowMs`: a clock that stands still while the source may not read, so that a slow consumer makes no split idle. */
  tick(nowMs: number, owned: ReadonlySet<SplitId>): readonly TimeElement[] {
    this.#nowMs = nowMs;
    for (const split of this.#splits.keys()) {
      if (!owned.has(split)) {
        this.#splits.delete(split);
      }
    }
    const times = Array.from(owned, (split) => this.#timeOf(split));
    const active = times.filter((time) => !this.#isQuiet(time));
    if (active.length === 0) {
      return this.#fallIdle(times);
    }
    const awake: readonly TimeElement[] = this.#isIdle ? [{ kind: 'watermark-status', status: 'active' }] : [];
    this.#isIdle = false;
    return [...awake, ...this.#advance(Math.min(...active.map(({ latestMs }) => latestMs)))];
  }

  #fallIdle(times: readonly SplitTime[]): readonly TimeElement[] {
    if (this.#isIdle) {
      return [];
    }
    this.#isIdle = true;
    return [
      ...this.#advance(Math.max(-Infinity, ...times.map(({ latestMs }) => latestMs))),
      { kind: 'watermark-status', status: 'idle' },
    ];
  }

  #advance(latestMs: number): readonly TimeElement[] {
    const timestampMs = latestMs - this.#options.maxDelayMs - 1;
    if (timestampMs <= this.#outMs) {
      return [];
    }
    this.#outMs = timestampMs;
    return [{ kind: 'watermark', timestampMs }];
  }

  #isQuiet({ recordAtMs }: SplitTime): boolean {
    const { idleAfterMs } = this.#options;
    return idleAfterMs !== undefined && this.#nowMs - recordAtMs >= idleAfterMs;
  }

  #timeOf(split: SplitId): SplitTime {
    let time = this.#splits.get(split);
    if (time === undefined) {
      time = { latestMs: -Infinity, recordAtMs: this.#nowMs };
      this.#splits.set(split, time);
    }
    return time;
  }
}
