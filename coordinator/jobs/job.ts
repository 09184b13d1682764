import type { EpochMs } from '../../shared/clock/clock.ts';
import type { AttemptReport, SlotPlace, SubtaskKey } from '../../shared/control/messages.ts';
import type { AttemptNumber, TaskManagerId, VertexId } from '../../shared/ids.ts';
import type { Abandonments } from '../commits/abandon-step.ts';
import type { Instant } from '../membership/members.ts';
import type { FailureRecord } from '../recovery/failure-history.ts';
import type { Quarantine } from '../recovery/quarantine.ts';
import type { RestartHistory } from '../recovery/restart-policy.ts';
import type { SplitAssignmentState } from '../scheduling/split-assignment-step.ts';
import type { Suspects } from '../scheduling/suspects.ts';
import type { AttemptRecord } from './attempt-record.ts';
import type { AttemptRun } from './attempt-run.ts';
import type { AskedShape, Scaling } from './scaling.ts';
import type { JobCheckpoints } from './job-checkpoints.ts';
import type { JobSpec } from './job-spec.ts';
import type { PlannedRedeployment } from './plan-redeployment.ts';
import type { SourceProgress } from './source-progress.ts';

/**
 * A job's life. Each state is a file in states/, which alone makes values of that state.
 *
 *   created ─▶ waiting-for-slots ─▶ deploying ─▶ running ─▶ finishing ─▶ finished
 *                      ▲                │ │         │ │
 *                      └── restarting ◀─┴─│─────────┘ │
 *                              │          │           │
 *                              └──────────┴───────────┴─▶ failing ─▶ failed
 *   recovering (another leader has taken over) ─▶ running, restarting, failing, cancelling
 *                    any but finishing, failing and the final ones ─▶ cancelling ─▶ cancelled
 *                    any but the final ones ─▶ finishing, when the checkpoint with which it stops is complete
 *                    cancelling, finishing ─▶ failing, when output that a checkpoint has prepared is lost
 *
 * I1  At most one attempt of a job has anything deployed. The next Deploy is sent only when every task manager of the older
 *     attempt has reported its end or is lost, its checkpoints have settled, and it is condemned and abandoned (DESIGN §8.7).
 * I2  An attempt is recorded before its Deploy is sent, and its number is never used again, also not by a job of the same id.
 * I3  finished, failed and cancelled are never left, and are stored before anybody hears of them. None is entered while a
 *     commit that has begun is not finished (but for one that cannot be: the job then fails, loudly).
 */
export type Job =
  | CreatedJob
  | WaitingJob
  | DeployingJob
  | RunningJob
  | RecoveringJob
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
  /** Used last for the next. Not durable: a new leader learns it anew. */
  readonly suspects: Suspects;
  readonly restarts: RestartHistory;
  readonly failures: readonly FailureRecord[];
  readonly quarantine: Quarantine;
  readonly sources: ReadonlyMap<VertexId, SourceProgress>;
  readonly checkpoints: JobCheckpoints;
  /** As stored. */
  readonly attempts: AttemptRecord;
}

export type CreatedJob = JobCommon & { readonly kind: 'created' };
export type WaitingJob = JobCommon & {
  readonly kind: 'waiting-for-slots';
  readonly reason: string;
  readonly asked: AskedShape | undefined;
};
export type DeployingJob = JobCommon & {
  readonly kind: 'deploying';
  readonly run: AttemptRun;
  /** Until its record is written and the commits of the attempt before are done, no task manager has heard of it. */
  readonly isDeployed: boolean;
  /** When the attempt fails unless every subtask is ready. */
  readonly readyBy: Instant;
  /** Readers that asked for a split while they opened: answered when all are ready. */
  readonly requests: readonly SubtaskKey[];
};
export type RunningJob = JobCommon & {
  readonly kind: 'running';
  readonly run: AttemptRun;
  readonly assignments: ReadonlyMap<VertexId, SplitAssignmentState>;
  /** It is to be deployed anew from its next checkpoint; not stored: a leader that takes it over knows nothing of it. */
  readonly planned: PlannedRedeployment | undefined;
  /** Begins anew under each leader, and with each attempt. */
  readonly scaling: Scaling;
};

export type RecoveringJob = JobCommon & {
  readonly kind: 'recovering';
  /** `live`: the task managers that have registered with what they run of it. */
  readonly run: AttemptRun;
  /** What they said. */
  readonly reports: ReadonlyMap<TaskManagerId, AttemptReport>;
  /** Readers that asked for a split meanwhile. */
  readonly requests: readonly SubtaskKey[];
  /** When the attempt is given up unless all of it has been heard of. */
  readonly giveUpAt: Instant;
};

/** An attempt that ends, or was told to. */
interface Ending {
  readonly run: AttemptRun;
  /** When a task manager that has not ended it is taken for lost. */
  readonly endBy: Instant;
  /** Undefined until nothing of the attempt is deployed any more. */
  readonly abandonments: Abandonments | undefined;
}
export type RestartingJob = JobCommon & Ending & { readonly kind: 'restarting'; readonly resumeAt: Instant };
export type CancellingJob = JobCommon & Ending & { readonly kind: 'cancelling' };
export type FailingJob = JobCommon & Ending & { readonly kind: 'failing' };
export type FinishingJob = JobCommon & Ending & { readonly kind: 'finishing' };
export type FinishedJob = JobCommon & { readonly kind: 'finished' };
export type FailedJob = JobCommon & { readonly kind: 'failed' };
export type CancelledJob = JobCommon & { readonly kind: 'cancelled' };

export type EndedJob = FinishedJob | FailedJob | CancelledJob;
/** States in which something of an attempt may be deployed. */
export type DeployedJob =
  DeployingJob | RunningJob | RecoveringJob | RestartingJob | CancellingJob | FailingJob | FinishingJob;
/** States in which the attempt is on its way out. */
export type EndingJob = RestartingJob | CancellingJob | FailingJob | FinishingJob;
/** States in which a failure of the attempt is news. */
export type ActiveJob = DeployingJob | RunningJob | RecoveringJob;

export function hasEnded(job: Job): job is EndedJob {
  return job.kind === 'finished' || job.kind === 'failed' || job.kind === 'cancelled';
}

export function isDeployed(job: Job): job is DeployedJob {
  return 'run' in job;
}

export function isEnding(job: Job): job is EndingJob {
  return 'endBy' in job;
}

/** The parts that go from state to state. */
export function commonOf(job: Job, changedAtMs: EpochMs): JobCommon {
  const {
    spec,
    submittedAtMs,
    lastAttempt,
    previousPlaces,
    suspects,
    restarts,
    failures,
    quarantine,
    sources,
    checkpoints,
    attempts,
  } = job;
  return {
    spec,
    submittedAtMs,
    changedAtMs,
    lastAttempt,
    previousPlaces,
    suspects,
    restarts,
    failures,
    quarantine,
    sources,
    checkpoints,
    attempts,
  };
}
