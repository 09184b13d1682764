import type { EpochMs } from '../../shared/clock/clock.ts';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointReport } from '../../shared/control/checkpoint-messages.ts';
import type { AttemptKey, RestoreHandle, SubtaskKey, TaskReport } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { Random } from '../../shared/random/random.ts';
import type { AbandonEvent, CommitEvent } from '../commits/commit-events.ts';
import type {
  CheckpointWritten,
  DiscoveryEvent,
  JobPersist,
  JobSend,
  RedeployEvent,
  SavepointEvent,
} from '../jobs/job-events.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { ConnectionId } from '../membership/ids.ts';
import type { Instant } from '../membership/members.ts';
import type { MembershipEvent, MembershipSend } from '../membership/membership-events.ts';
import type { KernelSettings, KernelState } from './kernel-state.ts';

/** Everything that can happen to the leader: one closed set, one loop. `request` names a caller that waits for an answer. */
export type KernelEvent =
  | MembershipEvent
  | FromMember
  | { readonly kind: 'submit'; readonly request: number; readonly spec: JobSpec; readonly origin?: JobOrigin }
  | { readonly kind: 'cancel'; readonly jobId: JobId }
  | { readonly kind: 'stored'; readonly jobId: JobId }
  /** The record of an attempt is durable under this revision. */
  | ({ readonly kind: 'attempt-recorded'; readonly revision: bigint } & AttemptKey)
  | CheckpointWritten
  | RedeployEvent
  | ShapedEvent
  | SavepointEvent
  | DiscoveryEvent
  | CommitEvent
  | AbandonEvent;

/** The answer to `shape-job`. `of`: the job as it was drawn from. */
export type ShapedEvent = { readonly jobId: JobId; readonly slots: number; readonly of: JobSpec } & (
  | {
      readonly kind: 'job-shaped';
      /** Undefined: so many slots are too few for its least parallelism. */
      readonly spec: JobSpec | undefined;
    }
  | { readonly kind: 'job-not-shaped'; readonly failure: Failure }
);

/** A checkpoint or savepoint with which a job begins. Its objects are in the job's own prefix, and it has no committables. */
export interface JobOrigin {
  readonly restore: RestoreHandle;
  readonly metadata: CheckpointMetadata;
}

/** What a registered task manager says about attempts. What comes on a connection that is no member's is dropped. */
export type FromMember =
  | { readonly kind: 'task-report'; readonly connection: ConnectionId; readonly report: TaskReport }
  | ({ readonly kind: 'split-request'; readonly connection: ConnectionId } & AttemptKey & SubtaskKey)
  | ({ readonly kind: 'attempt-failed'; readonly connection: ConnectionId; readonly failure: Failure } & AttemptKey)
  | ({ readonly kind: 'attempt-ended'; readonly connection: ConnectionId } & AttemptKey)
  | ({ readonly connection: ConnectionId } & CheckpointReport);

export type KernelPersist = JobPersist;

export type KernelSend =
  | MembershipSend
  | Exclude<JobSend, { readonly kind: 'command' | 'release-slots' }>
  /** Comes back as an event once everything before it is durable. */
  | { readonly kind: 'raise'; readonly event: KernelEvent }
  /** A reactive job is to be drawn at the greatest parallelism that so many slots give: answered by a ShapedEvent, always. */
  | { readonly kind: 'shape-job'; readonly jobId: JobId; readonly spec: JobSpec; readonly slots: number }
  | { readonly kind: 'answer'; readonly request: number; readonly answer: SubmitAnswer };

export type SubmitAnswer =
  { readonly kind: 'accepted'; readonly jobId: JobId } | { readonly kind: 'refused'; readonly failure: Failure };

/** R4: every persist is done, in order, before the first send. The order is this type's, not a habit. */
export interface KernelStep {
  readonly state: KernelState;
  readonly persist: readonly KernelPersist[];
  readonly send: readonly KernelSend[];
}

export interface KernelContext {
  readonly now: Instant;
  readonly wallMs: EpochMs;
  readonly random: Random;
  readonly epoch: LeaderEpoch;
  readonly settings: KernelSettings;
}
