import type { RetryBackoff } from '../scheduling/retry-backoff.ts';

/** How a job is checkpointed. Names are those of `execution.checkpointing.*`; all durations in milliseconds. */
export interface CheckpointSettings {
  /** From one trigger to the next. */
  readonly intervalMs: number;
  /** From the trigger until the metadata object must be stored; then the checkpoint expires. */
  readonly timeoutMs: number;
  /** From the end of one checkpoint to the trigger of the next. */
  readonly minPauseMs: number;
  /** So many failed checkpoints in a row are borne; with one more the attempt is restarted. */
  readonly tolerableFailures: number;
  /** Completed checkpoints that are kept. */
  readonly retained: number;
  /** Triggered and without their marker at once. Each keeps a transaction of every sink prepared. */
  readonly concurrentMax: number;
  /** Ids reserved with one write; a leader that dies wastes at most so many. */
  readonly idBlock: number;
}

export const DEFAULT_CHECKPOINT_SETTINGS: CheckpointSettings = {
  intervalMs: 1_000,
  timeoutMs: 60_000,
  minPauseMs: 0,
  tolerableFailures: 3,
  retained: 3,
  concurrentMax: 1,
  idBlock: 100,
};

/** Requests that wait for their savepoint; more are refused, so that a client in a loop cannot fill the memory. */
export const SAVEPOINT_REQUESTS_MAX = 100;

/** Before a write whose answer was ambiguous is repeated: 50 ms, 100 ms, … 2 s. It is never given up. */
export const WRITE_BACKOFF: RetryBackoff = { firstMs: 50, mostMs: 2_000, triesMax: Number.POSITIVE_INFINITY };

export interface TransactionTimes {
  /** How long tasks go on without a leader. */
  readonly leaderlessGraceMs: number;
  /** Generous: from a failure until the new leader or attempt has finished the commits. */
  readonly recoveryMs: number;
}

/**
 * The least transaction timeout of an exactly-once sink under these settings (DESIGN §8.9): a prepared transaction must outlive
 * every failed checkpoint that is borne, a time without leader, and a recovery.
 */
export function transactionTimeoutNeededMs(settings: CheckpointSettings, times: TransactionTimes): number {
  const { tolerableFailures, intervalMs, timeoutMs } = settings;
  return (tolerableFailures + 1) * (intervalMs + timeoutMs) + times.leaderlessGraceMs + times.recoveryMs;
}

/** What is wrong with a sink's transaction timeout; undefined: nothing. `brokerMaxMs`: `transaction.max.timeout.ms`. */
export function findTimeoutProblem(
  timeoutMs: number,
  neededMs: number,
  brokerMaxMs: number | undefined,
): string | undefined {
  if (timeoutMs < neededMs) {
    return `a transaction timeout of ${timeoutMs} ms is too short for these checkpoints: they need ${neededMs} ms`;
  }
  return brokerMaxMs !== undefined && timeoutMs > brokerMaxMs
    ? `a transaction timeout of ${timeoutMs} ms is above the broker's transaction.max.timeout.ms of ${brokerMaxMs} ms`
    : undefined;
}

/** Transactions of one writer that may be prepared at once (DESIGN §8.1): the size of its pool of transactional ids. */
export function transactionPoolSize({ concurrentMax, tolerableFailures }: CheckpointSettings): number {
  return concurrentMax + tolerableFailures + 2;
}
