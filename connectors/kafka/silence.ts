import type { Failure } from '../../shared/failure/failure.ts';

/** How long a partition may stay unreachable before the attempt fails (and, restarted, tries again). */
export const UNREACHABLE_MS = 120_000;
/** More than these are counted, not named. */
const NAMED_MAX = 5;

/**
 * Since when every try to read a partition has failed, whatever failed: finding its leader, the connection, the fetch.
 *
 * I1  It begins with the first failure, not with the last answer: a reader that is not polled fetches nothing for as long as
 *     it likes, and the broker closes connections on which nobody asks.
 * I2  Only an answer about the partition ends it. Metadata that names a leader does not: that leader may be out of reach.
 * I3  The time in which nothing was asked, because the buffer was full, does not count.
 */
export class Silence {
  #sinceMs: number | undefined;

  onFailure(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  onAnswer(): void {
    this.#sinceMs = undefined;
  }

  onPause(fromMs: number, toMs: number): void {
    if (this.#sinceMs !== undefined) {
      this.#sinceMs += toMs - Math.max(fromMs, this.#sinceMs);
    }
  }

  /** 0 when the last try succeeded. */
  lengthMs(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs;
  }

  isTooLong(nowMs: number): boolean {
    return this.lengthMs(nowMs) > UNREACHABLE_MS;
  }
}

/** A partition that was tried in vain, or is about to be tried. */
export interface Tried {
  readonly id: string;
  readonly silence: Silence;
}

/**
 * What a failed try to read some partitions leads to: undefined, they are tried again; otherwise the attempt fails with what
 * is returned.
 */
export function endOfRetries(tried: readonly Tried[], failure: Failure, nowMs: number): Failure | undefined {
  for (const { silence } of tried) {
    silence.onFailure(nowMs);
  }
  if (failure.reaction !== 'retry') {
    return failure;
  }
  const silent = tried.filter(({ silence }) => silence.isTooLong(nowMs));
  return silent.length === 0 ? undefined : silenceFailure(silent, failure);
}

/** `last` is what stood in the way; it keeps its code and its remedy, and names the broker. */
function silenceFailure(silent: readonly Tried[], last: Failure): Failure {
  const ids = silent.map(({ id }) => id);
  const named = ids.slice(0, NAMED_MAX).join(', ');
  const more = ids.length > NAMED_MAX ? ` and ${ids.length - NAMED_MAX} more` : '';
  return {
    code: last.code,
    reaction: 'restart-job',
    message: `${named}${more} could not be read for more than ${UNREACHABLE_MS / 1_000} s. ${last.message}`,
    remedy: last.remedy ?? 'Look at the state of the brokers.',
  };
}
