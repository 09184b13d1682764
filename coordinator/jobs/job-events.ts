import type { FromCoordinator, TaskReport, AttemptKey, SubtaskKey } from '../../shared/control/messages.ts';
import type { EpochMs } from '../../shared/clock/clock.ts';
import type { Discovery } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { AttemptNumber, JobId, SplitId, TaskManagerId, VertexId } from '../../shared/ids.ts';
import type { Random } from '../../shared/random/random.ts';
import type { CommitEvent, CommitSend } from '../commits/commit-events.ts';
import type { Instant } from '../membership/members.ts';
import type { RestartStrategy } from '../recovery/restart-policy.ts';
import type { Job } from './job.ts';
import type { JobRecord } from './job-record.ts';

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
  | DiscoveryEvent
  | CommitEvent;

export type DiscoveryEvent =
  | { readonly kind: 'discovered'; readonly jobId: JobId; readonly vertex: VertexId; readonly discovery: Discovery }
  | { readonly kind: 'discovery-failed'; readonly jobId: JobId; readonly vertex: VertexId; readonly failure: Failure };

export type JobPersist =
  | { readonly kind: 'put-job'; readonly record: JobRecord }
  | { readonly kind: 'delete-job'; readonly jobId: JobId; readonly attemptFloor: AttemptNumber | 0 };

export type JobSend =
  | { readonly kind: 'command'; readonly to: TaskManagerId; readonly message: FromCoordinator }
  | {
      readonly kind: 'discover';
      readonly jobId: JobId;
      readonly vertex: VertexId;
      readonly known: ReadonlySet<SplitId>;
    }
  | CommitSend
  /** The job has ended: its enumerators and committers are closed. */
  | { readonly kind: 'close-job'; readonly jobId: JobId };

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
}

export interface JobContext {
  readonly now: Instant;
  readonly wallMs: EpochMs;
  readonly random: Random;
  readonly settings: JobSettings;
}

export interface JobSettings {
  readonly restart: RestartStrategy;
  /** From Deploy until every subtask must be ready. */
  readonly deployTimeoutMs: number;
  /** From Cancel until a task manager must have ended the attempt; longer than it takes to terminate a thread. */
  readonly endTimeoutMs: number;
}

export function unchangedJob(job: Job): JobStep {
  return { job, persist: [], send: [], overdue: [] };
}
