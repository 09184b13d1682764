import type { EpochMs } from '../../shared/clock/clock.ts';
import type { SinkCommittables, SlotPlace, SubtaskKey } from '../../shared/control/messages.ts';
import type { AttemptNumber, VertexId } from '../../shared/ids.ts';
import type { Commits } from '../commits/commit-step.ts';
import type { Instant } from '../membership/members.ts';
import type { FailureRecord } from '../recovery/failure-history.ts';
import type { RestartHistory } from '../recovery/restart-policy.ts';
import type { SplitAssignmentState } from '../scheduling/split-assignment-step.ts';
import type { AttemptRun } from './attempt-run.ts';
import type { JobSpec } from './job-spec.ts';
import type { SourceProgress } from './source-progress.ts';

/**
 * A job's life. Each state is a file in states/, which alone makes values of that state.
 *
 *   created ─▶ waiting-for-slots ─▶ deploying ─▶ running ─▶ finishing ─▶ finished
 *                      ▲                │ │         │ │          │
 *                      └── restarting ◀─┴─│─────────┘ │          ├─▶ failed      (a commit that cannot succeed)
 *                              │          │           │          │
 *                              └──────────┴───────────┴─▶ failing ─▶ failed
 *                    any but finishing, failing and the final ones ─▶ cancelling ─▶ cancelled
 *
 * I1  At most one attempt of a job has anything deployed. The next Deploy is sent only when every task manager of the older
 *     attempt has reported its end or is lost.
 * I2  An attempt number is stored before its Deploy is sent, and never used again, also not by a job of the same id.
 * I3  finished, failed and cancelled are never left, and are stored before anybody hears of them.
 */
export type Job =
  | CreatedJob
  | WaitingJob
  | DeployingJob
  | RunningJob
  | RestartingJob
  | CancellingJob
  | FailingJob
  | FinishingJob
  | FinishedJob
  | FailedJob
  | CancelledJob;

export type JobState = Job['kind'];

/** What a job has in every state. */
export interface JobCommon {
  readonly spec: JobSpec;
  readonly submittedAtMs: EpochMs;
  /** When it entered its present state. */
  readonly changedAtMs: EpochMs;
  readonly lastAttempt: AttemptNumber | 0;
  /** Where the last attempt ran, by slot number: preferred for the next. */
  readonly previousPlaces: readonly SlotPlace[];
  readonly restarts: RestartHistory;
  readonly failures: readonly FailureRecord[];
  readonly sources: ReadonlyMap<VertexId, SourceProgress>;
}

export type CreatedJob = JobCommon & { readonly kind: 'created' };
export type WaitingJob = JobCommon & { readonly kind: 'waiting-for-slots'; readonly reason: string };
export type DeployingJob = JobCommon & {
  readonly kind: 'deploying';
  readonly run: AttemptRun;
  /** When the attempt fails unless every subtask is ready. */
  readonly readyBy: Instant;
  /** Readers that asked for a split while they opened: answered when all are ready. */
  readonly requests: readonly SubtaskKey[];
};
export type RunningJob = JobCommon & {
  readonly kind: 'running';
  readonly run: AttemptRun;
  readonly assignments: ReadonlyMap<VertexId, SplitAssignmentState>;
  /** Of the subtasks that have finished. */
  readonly committables: readonly SinkCommittables[];
};

/** An attempt that was told to end. */
interface Ending {
  readonly run: AttemptRun;
  /** When a task manager that has not ended it is taken for lost. */
  readonly endBy: Instant;
}
export type RestartingJob = JobCommon & Ending & { readonly kind: 'restarting'; readonly resumeAt: Instant };
export type CancellingJob = JobCommon & Ending & { readonly kind: 'cancelling' };
export type FailingJob = JobCommon & Ending & { readonly kind: 'failing' };
export type FinishingJob = JobCommon &
  Ending & {
    readonly kind: 'finishing';
    readonly commits: Commits;
    /** A commit cannot succeed: the job fails as soon as nothing of its attempt is deployed any more. */
    readonly isBroken: boolean;
  };
export type FinishedJob = JobCommon & { readonly kind: 'finished' };
export type FailedJob = JobCommon & {
  readonly kind: 'failed';
  /** What was prepared and not committed; not empty only when a commit failed. */
  readonly uncommitted: readonly SinkCommittables[];
};
export type CancelledJob = JobCommon & { readonly kind: 'cancelled' };

export type EndedJob = FinishedJob | FailedJob | CancelledJob;
/** States in which something of an attempt may be deployed. */
export type DeployedJob = DeployingJob | RunningJob | RestartingJob | CancellingJob | FailingJob | FinishingJob;
/** States in which a failure of the attempt is news. */
export type ActiveJob = DeployingJob | RunningJob;

export function hasEnded(job: Job): job is EndedJob {
  return job.kind === 'finished' || job.kind === 'failed' || job.kind === 'cancelled';
}

export function isDeployed(job: Job): job is DeployedJob {
  return 'run' in job;
}

/** The parts that go from state to state. */
export function commonOf(job: Job, changedAtMs: EpochMs): JobCommon {
  const { spec, submittedAtMs, lastAttempt, previousPlaces, restarts, failures, sources } = job;
  return { spec, submittedAtMs, changedAtMs, lastAttempt, previousPlaces, restarts, failures, sources };
}
