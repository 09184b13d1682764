import type { EpochMs } from '../../shared/clock/clock.ts';
import type { SinkCommittables, SlotPlace } from '../../shared/control/messages.ts';
import type { SplitState } from '../../shared/connector/source.ts';
import type { AttemptNumber, VertexId } from '../../shared/ids.ts';
import type { FailureRecord } from '../recovery/failure-history.ts';
import type { Job, JobState } from './job.ts';
import type { JobSpec } from './job-spec.ts';

/** What of a job is stored: all that a coordinator needs that never saw it. Plain data. */
export interface JobRecord {
  readonly spec: JobSpec;
  readonly state: JobState;
  readonly submittedAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
  readonly lastAttempt: AttemptNumber | 0;
  /** Where the attempt runs, or ran. */
  readonly places: readonly SlotPlace[];
  readonly restarts: number;
  readonly failures: readonly FailureRecord[];
  /** Start positions of every split found. */
  readonly sources: readonly StoredSource[];
  /** Prepared and not known to be committed. Not empty only in `finishing`, and in `failed` after a commit that failed. */
  readonly committables: readonly SinkCommittables[];
}

export interface StoredSource {
  readonly vertex: VertexId;
  readonly splits: readonly SplitState[];
  readonly isComplete: boolean;
}

export function recordOf(job: Job): JobRecord {
  return {
    spec: job.spec,
    state: job.kind,
    submittedAtMs: job.submittedAtMs,
    changedAtMs: job.changedAtMs,
    lastAttempt: job.lastAttempt,
    places: 'run' in job ? job.run.places : job.previousPlaces,
    restarts: job.restarts.total,
    failures: job.failures,
    sources: [...job.sources].map(([vertex, { splits, isComplete }]) => ({ vertex, splits, isComplete })),
    committables: committablesOf(job),
  };
}

function committablesOf(job: Job): readonly SinkCommittables[] {
  if (job.kind === 'failed') {
    return job.uncommitted;
  }
  return job.kind === 'finishing' ? uncommittedOf(job) : [];
}

export function uncommittedOf(job: Extract<Job, { kind: 'finishing' }>): readonly SinkCommittables[] {
  return [...job.commits.sinks]
    .filter(([, commit]) => commit.kind !== 'committed')
    .map(([sink, { committables }]) => ({ sink, committables }));
}
