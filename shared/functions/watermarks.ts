import { parseDuration } from '../config/quantities.ts';
import { invariant } from '../invariant.ts';

/**
 * How a source tells event time: which time a record has, and how far time is. Watermarks are kept for each split, so that a
 * partition that is read faster does not make the records of another late.
 */
export interface WatermarkStrategy<T> {
  /** The time is this much behind the latest record: how far out of order records may come without being late. */
  readonly maxDelayMs: number;
  /** A split without records for so long holds up the time of the others no more; undefined: it always does. */
  readonly idleAfterMs: number | undefined;
  /** A record's event time in epoch milliseconds; undefined: it has none, and says nothing about time. */
  readonly timestamp: ((value: T, sourceTimestampMs: number | undefined) => number | undefined) | undefined;
}

export interface BoundedOutOfOrderness<T> {
  /** `"5m"`, or milliseconds. */
  readonly maxDelay: string | number;
  /** `"30s"`, or milliseconds. Give one where splits may fall quiet: else a quiet one stops the time of all. */
  readonly idleAfter?: string | number;
  /** Default: the source's own timestamp (Kafka's record timestamp). */
  readonly timestamp?: (value: T, sourceTimestampMs: number | undefined) => number | undefined;
}

/** Records may be late by up to `maxDelay`: the watermark is the latest record's time less that (Flink's rule and name). */
export function boundedOutOfOrderness<T>(options: BoundedOutOfOrderness<T>): WatermarkStrategy<T> {
  const { maxDelay, idleAfter, timestamp } = options;
  const idleAfterMs = idleAfter === undefined ? undefined : durationOf(idleAfter, 'idleAfter');
  invariant(idleAfterMs === undefined || idleAfterMs > 0, 'idleAfter must be more than nothing');
  return { maxDelayMs: durationOf(maxDelay, 'maxDelay'), idleAfterMs, timestamp };
}

function durationOf(value: string | number, option: string): number {
  const ms = typeof value === 'number' ? value : parseDuration(value);
  invariant(
    ms !== undefined && Number.isFinite(ms) && ms >= 0,
    `${option} must be a duration such as "30s" or a number of milliseconds, got ${JSON.stringify(value)}`,
  );
  return ms;
}
