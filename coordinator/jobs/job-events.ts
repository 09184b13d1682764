import type { CheckpointReport } from '../../shared/control/checkpoint-messages.ts';
import type {
  AttemptReport,
  FromCoordinator,
  TaskReport,
  AttemptKey,
  SubtaskKey,
} from '../../shared/control/messages.ts';
import type { EpochMs } from '../../shared/clock/clock.ts';
import type { Discovery } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type {
  AttemptNumber,
  CheckpointId,
  JobId,
  LeaderEpoch,
  SplitId,
  TaskManagerId,
  VertexId,
} from '../../shared/ids.ts';
import type { Random } from '../../shared/random/random.ts';
import type {
  CheckpointEvent,
  CheckpointPersist,
  SavepointAnswer,
  SavepointPin,
  SavepointRequest,
  WriteAnswered,
} from '../checkpoints/checkpoint-events.ts';
import type { CheckpointSettings } from '../checkpoints/checkpoint-settings.ts';
import type { AbandonEvent, AbandonSend, CommitEvent, CommitSend } from '../commits/commit-events.ts';
import type { Instant } from '../membership/members.ts';
import type { RestartStrategy } from '../recovery/restart-policy.ts';
import type { ScalingSettings } from '../scheduling/scale-reactive.ts';
import type { AttemptRecord } from './attempt-record.ts';
import type { Job } from './job.ts';
import type { CompletedStats, FailedStats } from './job-checkpoints.ts';
import type { JobRecord, TerminalRecord } from './job-record.ts';
import type { JobSpec } from './job-spec.ts';

/** What can happen to one job. The kernel finds the job and has checked that a task manager's words are its own. */
export type JobEvent =
  /** The record of a new job is durable. */
  | { readonly kind: 'stored'; readonly jobId: JobId }
  | { readonly kind: 'cancel'; readonly jobId: JobId }
  | { readonly kind: 'tick' }
  | { readonly kind: 'task-report'; readonly from: TaskManagerId; readonly report: TaskReport }
  | ({ readonly kind: 'split-request'; readonly from: TaskManagerId } & AttemptKey & SubtaskKey)
  /** A task manager cannot go on with the attempt, and no subtask of it is to blame. */
  | ({ readonly kind: 'attempt-failed'; readonly from: TaskManagerId; readonly failure: Failure } & AttemptKey)
  | ({ readonly kind: 'attempt-ended'; readonly from: TaskManagerId } & AttemptKey)
  | { readonly kind: 'task-manager-lost'; readonly taskManager: TaskManagerId; readonly failure: Failure }
  /** The attempt's record is durable. */
  | ({ readonly kind: 'attempt-recorded'; readonly revision: bigint } & AttemptKey)
  | { readonly kind: 'checkpoint-report'; readonly from: TaskManagerId; readonly report: CheckpointReport }
  /** It has registered and runs this; the job has said that it may go on (`wouldKeep`). */
  | { readonly kind: 'attempt-reported'; readonly from: TaskManagerId; readonly report: AttemptReport }
  /** It has registered, and does not run what is recorded. */
  | { readonly kind: 'registered-without'; readonly from: TaskManagerId }
  | CheckpointWritten
  | RedeployEvent
  | SavepointEvent
  | DiscoveryEvent
  | CommitEvent
  | AbandonEvent;

/** The answer to a `write-checkpoint`. */
export type CheckpointWritten = { readonly kind: 'checkpoint-written'; readonly answer: WriteAnswered } & AttemptKey;

/** What a redeployment is for. */
export type RedeployPurpose = 'asked-for' | 'more-slots' | 'task-manager-leaves';

/** The job is to be deployed anew from a checkpoint that is taken for it. Whoever looked has found slots enough. */
export interface RedeployEvent {
  readonly kind: 'redeploy';
  readonly jobId: JobId;
  /** Names the caller that waits for the answer; undefined: nobody does. */
  readonly request: number | undefined;
  /** What the next attempt is of; undefined: as it is. Of the same job, module and lineage. */
  readonly spec: JobSpec | undefined;
  readonly purpose: RedeployPurpose;
}

export type RedeployAnswer =
  /** The attempt is being ended; the next begins with the checkpoint. */
  | { readonly kind: 'begun'; readonly attempt: AttemptNumber; readonly checkpoint: CheckpointId }
  /** Nothing has changed. */
  | { readonly kind: 'refused'; readonly failure: Failure };

export type SavepointEvent =
  | ({ readonly kind: 'savepoint'; readonly jobId: JobId } & SavepointRequest)
  | ({ readonly jobId: JobId } & Extract<CheckpointEvent, { readonly kind: 'savepoint-copied' }>);

export type DiscoveryEvent =
  | { readonly kind: 'discovered'; readonly jobId: JobId; readonly vertex: VertexId; readonly discovery: Discovery }
  | { readonly kind: 'discovery-failed'; readonly jobId: JobId; readonly vertex: VertexId; readonly failure: Failure };

/** All of one step are written in one transaction. */
export type JobPersist =
  | { readonly kind: 'put-job'; readonly record: JobRecord }
  /** Forgets what was stored of an earlier job of the same id, but for the ids of its checkpoints. */
  | { readonly kind: 'put-new-job'; readonly record: JobRecord; readonly attempts: AttemptRecord }
  | { readonly kind: 'put-attempts'; readonly jobId: JobId; readonly attempts: AttemptRecord }
  | { readonly kind: 'put-terminal'; readonly jobId: JobId; readonly record: TerminalRecord }
  | { readonly kind: 'delete-job'; readonly jobId: JobId; readonly floor: UsedNumbers };

/** What jobs that were forgotten have used: no later job uses an attempt number or a checkpoint id up to these. */
export interface UsedNumbers {
  readonly attempt: AttemptNumber | 0;
  readonly checkpoint: bigint;
}

export type JobSend =
  | { readonly kind: 'command'; readonly to: TaskManagerId; readonly message: FromCoordinator }
  | {
      readonly kind: 'discover';
      readonly jobId: JobId;
      readonly vertex: VertexId;
      readonly known: ReadonlySet<SplitId>;
    }
  | CommitSend
  | AbandonSend
  /** Answered by `checkpoint-written`. */
  | ({ readonly kind: 'write-checkpoint'; readonly write: CheckpointPersist } & AttemptKey)
  | { readonly kind: 'copy-savepoint'; readonly jobId: JobId; readonly pin: SavepointPin }
  | { readonly kind: 'answer-savepoint'; readonly request: number; readonly answer: SavepointAnswer }
  | { readonly kind: 'answer-redeploy'; readonly request: number; readonly answer: RedeployAnswer }
  /** For the log. */
  | RescaleNote
  | { readonly kind: 'note-completed'; readonly jobId: JobId; readonly stats: CompletedStats }
  | { readonly kind: 'note-failed'; readonly jobId: JobId; readonly stats: FailedStats }
  /** What was held for an attempt that was never deployed there is free. */
  | ({ readonly kind: 'release-slots'; readonly taskManager: TaskManagerId } & AttemptKey)
  /** Someone newer leads: the process must end. */
  | { readonly kind: 'fenced' }
  /** The job has ended: its enumerators and committers are closed. */
  | { readonly kind: 'close-job'; readonly jobId: JobId };

export type RescaleNote =
  /** The next attempt is at another parallelism. */
  | {
      readonly kind: 'note-rescaled';
      readonly jobId: JobId;
      readonly from: Pick<JobSpec, 'defaultParallelism' | 'slotsNeeded'>;
      readonly to: Pick<JobSpec, 'defaultParallelism' | 'slotsNeeded'>;
      readonly reason: RedeployPurpose | 'slots-there-are';
    }
  /** A redeployment that nobody waits for is given up: the job goes on as it is. `why`: a sentence's end. */
  | {
      readonly kind: 'note-not-redeployed';
      readonly jobId: JobId;
      readonly purpose: RedeployPurpose;
      readonly why: string;
    };

/** A task manager that did not end an attempt in time. */
export interface Overdue {
  readonly taskManager: TaskManagerId;
  readonly why: string;
}

/** What a transition gives back. Every persist is done before the first send. */
export interface JobStep {
  readonly job: Job;
  readonly persist: readonly JobPersist[];
  readonly send: readonly JobSend[];
  readonly overdue: readonly Overdue[];
  /** What the job's checkpoints are told next, in order (follow-checkpoints.ts). */
  readonly tell: readonly CheckpointTell[];
}

export type CheckpointTell =
  | CheckpointEvent
  /** The attempt is recorded under this revision: a new machine begins. */
  | ({ readonly kind: 'open'; readonly revision: bigint } & Pick<AttemptKey, 'attempt'>);

export interface JobContext {
  readonly now: Instant;
  readonly wallMs: EpochMs;
  readonly random: Random;
  readonly epoch: LeaderEpoch;
  readonly settings: JobSettings;
}

export interface JobSettings {
  readonly restart: RestartStrategy;
  /** Attempts in which a function has thrown on a record before the record is quarantined, where its operator has one. */
  readonly quarantineFailures: number;
  /** From Deploy until every subtask must be ready. */
  readonly deployTimeoutMs: number;
  /** From Cancel until a task manager must have ended the attempt; longer than it takes to terminate a thread. */
  readonly endTimeoutMs: number;
  /** How long a new leader waits for all task managers of an attempt before it restarts the job. */
  readonly adoptionTimeoutMs: number;
  /** How long the end of a job waits until its last attempt is abandoned; a restart waits for ever. */
  readonly abandonTimeoutMs: number;
  readonly checkpoints: CheckpointSettings;
  readonly scaling: ScalingSettings;
  /** Location of the snapshot store. */
  readonly checkpointDirectory: string;
  readonly clusterId: string;
}

export function unchangedJob(job: Job): JobStep {
  return { job, persist: [], send: [], overdue: [], tell: [] };
}

/** One transition after another, as one step. */
export function andThen(step: JobStep, next: (job: Job) => JobStep): JobStep {
  const after = next(step.job);
  return {
    job: after.job,
    persist: [...step.persist, ...after.persist],
    send: [...step.send, ...after.send],
    overdue: [...step.overdue, ...after.overdue],
    tell: [...step.tell, ...after.tell],
  };
}
