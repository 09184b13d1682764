import type { Clock } from '../../shared/clock/clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';

const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 1_000;
/** Brokers hear of a new topic one after the other: for this long, one that does not know it may be late. */
const FRESH_TOPIC_MS = 3_000;

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
  const startedMs = clock.monotonicMs();
  for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
    try {
      return await work();
    } catch (error) {
      const elapsedMs = clock.monotonicMs() - startedMs;
      if (signal.aborted || !(error instanceof StreamError) || !mayPass(error.failure, elapsedMs)) {
        throw error;
      }
      if (elapsedMs + pauseMs > budgetMs) {
        throw new StreamError(escalated(error.failure), { cause: error });
      }
      await clock.sleep(pauseMs, signal);
      signal.throwIfAborted();
    }
  }
}

function mayPass({ reaction, code }: Failure, elapsedMs: number): boolean {
  return reaction === 'retry' || (code === 'kafka-unknown-topic' && elapsedMs < FRESH_TOPIC_MS);
}

function escalated(failure: Failure): Failure {
  return failure.reaction === 'retry' ? { ...failure, reaction: 'restart-job' } : failure;
}
