/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/**
 * Time as a port. Pure code takes `now` as an argument; loops take a Clock.
 * Guarantees: `monotonicMs` never goes back. Does not guarantee that `nowMs` never jumps.
 */
export interface Clock {
  /** Wall-clock time. For users and records; never for deciding how long something took. */
  nowMs(): EpochMs;
  /** Milliseconds from an arbitrary start, never going back. For durations and deadlines. */
  monotonicMs(): number;
  /** Ends after `ms`, or at once (without error) when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
