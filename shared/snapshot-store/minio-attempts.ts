import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort } from '../failure/failure.ts';
import type { Random } from '../random/random.ts';
import { classifyMinioError } from './minio-errors.ts';
import type { MinioProblem } from './minio-errors.ts';
import { withSignal } from './minio-transport.ts';
import type { StoreCall } from './snapshot-store.ts';

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;

export interface Done<T> {
  readonly kind: 'done';
  readonly value: T;
}

/** Repeats one call to the object store until its outcome is definite or its deadline has passed. */
export class MinioAttempts {
  readonly #requestMsMax: number;
  readonly #random: Random;

  constructor(requestMsMax: number, random: Random) {
    this.#requestMsMax = requestMsMax;
    this.#random = random;
  }

  /** `work` must be safe to repeat. Throws only when the caller's signal aborts. */
  async run<T>(where: string, call: StoreCall, work: () => Promise<T>): Promise<Done<T> | MinioProblem> {
    const deadline = performance.now() + call.deadlineMs;
    let mayHaveHappened: MinioProblem | undefined;
    for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS)) {
      call.signal.throwIfAborted();
      const outcome = await this.#once(where, call, work);
      // Once an attempt may have happened, a later one that was refused or never sent makes the whole no less ambiguous (I3).
      if (outcome.kind === 'definite' && mayHaveHappened !== undefined) {
        return { kind: 'unknown', failure: outcome.failure };
      }
      if (outcome.kind !== 'unknown' && outcome.kind !== 'not-sent') {
        return outcome;
      }
      mayHaveHappened = outcome.kind === 'unknown' ? outcome : mayHaveHappened;
      if (performance.now() + backoffMs >= deadline) {
        return mayHaveHappened ?? outcome;
      }
      await sleep(backoffMs * (0.5 + this.#random.next() / 2), undefined, { signal: call.signal });
    }
  }

  async #once<T>(where: string, call: StoreCall, work: () => Promise<T>): Promise<Done<T> | MinioProblem> {
    const requestMs = Math.min(this.#requestMsMax, call.deadlineMs);
    try {
      const bounded = AbortSignal.any([call.signal, AbortSignal.timeout(requestMs)]);
      return { kind: 'done', value: await withSignal(bounded, work) };
    } catch (error) {
      if (call.signal.aborted && isAbort(error)) {
        throw error;
      }
      return classifyMinioError(error, where);
    }
  }
}
