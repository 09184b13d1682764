/** The wait before try n + 1 of a call that failed `tries` times: doubles from `firstMs` up to `mostMs`. */
export interface RetryBackoff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** Tries in all; then the caller escalates. */
  readonly triesMax: number;
}

export function backoffMs(backoff: RetryBackoff, tries: number): number {
  return Math.min(backoff.mostMs, backoff.firstMs * 2 ** Math.max(0, tries - 1));
}
