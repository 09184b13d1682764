import type { Clock } from '../../shared/clock/clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;

/**
 * Repeats `work` while it fails transiently, for `budgetMs` at most; then the failure costs the attempt (`restart-job`).
 * Only for work that may be repeated safely.
 */
export async function retryTransient<T>(
  work: () => Promise<T>,
  clock: Clock,
  budgetMs: number,
  signal: AbortSignal,
): Promise<T> {
  const deadlineMs = clock.monotonicMs() + budgetMs;
  for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof StreamError) || error.failure.reaction !== 'retry') {
        throw error;
      }
      if (clock.monotonicMs() + pauseMs > deadlineMs) {
        throw new StreamError({ ...error.failure, reaction: 'restart-job' }, { cause: error });
      }
      await clock.sleep(pauseMs, signal);
      signal.throwIfAborted();
    }
  }
}
