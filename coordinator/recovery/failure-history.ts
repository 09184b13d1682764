import type { EpochMs } from '../../shared/clock/clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { AttemptNumber } from '../../shared/ids.ts';

/** One failure of a job, for people who want to know why it restarted or ended. */
export interface FailureRecord {
  readonly atMs: EpochMs;
  /** 0: before the first attempt. */
  readonly attempt: AttemptNumber | 0;
  /** `raw[2]`: subtask 2 of that vertex; or a task manager, a sink, the discovery of a source. */
  readonly where: string;
  readonly failure: Failure;
}

/** Older ones are in the log. */
const FAILURES_KEPT = 16;

/** Newest last. */
export function recordFailure(kept: readonly FailureRecord[], record: FailureRecord): readonly FailureRecord[] {
  return [...kept, record].slice(-FAILURES_KEPT);
}
