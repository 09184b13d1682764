import { attemptName } from '../../shared/control/messages.ts';
import type { AttemptKey, AttemptReport } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId, TaskManagerId } from '../../shared/ids.ts';
import type { Attempt } from './attempt.ts';
import { keyOf } from './attempt.ts';
import { describeSubtasks } from './attempt-standing.ts';

/** The attempts of one task manager, as a value. What happens to them: attempts-step.ts. */
export interface Attempts {
  readonly self: TaskManagerId;
  readonly slotCount: number;
  readonly epoch: bigint;
  readonly live: ReadonlyMap<string, Attempt>;
  /** The newest attempt of each job that was seen under `epoch`; bounded, the oldest jobs are forgotten. */
  readonly newest: ReadonlyMap<JobId, number>;
  /** Attempts that have ended: told again at each registration, as the word of it may have been lost. Bounded, the oldest go. */
  readonly ended: readonly EndedAttempt[];
}

export interface EndedAttempt {
  readonly key: AttemptKey;
  /** Why, when no single subtask was to blame. */
  readonly failure: Failure | undefined;
}

/** Jobs whose newest attempt is remembered: a stale Deploy is a matter of seconds, not of thousands of jobs. */
const JOBS_REMEMBERED_MAX = 1_000;
const ENDED_REMEMBERED_MAX = 100;

export function noAttempts(self: TaskManagerId, slotCount: number): Attempts {
  return { self, slotCount, epoch: 0n, live: new Map(), newest: new Map(), ended: [] };
}

export function liveKeys(attempts: Attempts): readonly AttemptKey[] {
  return [...attempts.live.values()].map(({ deployment }) => keyOf(deployment));
}

/** For a registration: everything that is here. */
export function describeAttempts(attempts: Attempts): readonly AttemptReport[] {
  return [...attempts.live.values()].map(({ kind, deployment, standing }) => ({
    ...keyOf(deployment),
    phase: kind === 'running' ? 'running' : kind === 'cancelling' ? 'ending' : 'preparing',
    fingerprint: deployment.fingerprint,
    module: deployment.module,
    deployedBy: standing.deployedBy,
    completed: standing.acknowledgements.completed,
    subtasks: describeSubtasks(standing),
  }));
}

export function withEnded(attempts: Attempts, ended: EndedAttempt): Attempts {
  return { ...attempts, ended: [...attempts.ended, ended].slice(-ENDED_REMEMBERED_MAX) };
}

export function withAttempt(live: ReadonlyMap<string, Attempt>, attempt: Attempt): ReadonlyMap<string, Attempt> {
  return new Map(live).set(attemptName(attempt.deployment), attempt);
}

export function without(attempts: Attempts, key: AttemptKey): Attempts {
  const live = new Map(attempts.live);
  live.delete(attemptName(key));
  return { ...attempts, live };
}

export function remember(
  newest: ReadonlyMap<JobId, number>,
  jobId: JobId,
  attempt: number,
): ReadonlyMap<JobId, number> {
  const next = new Map(newest);
  next.delete(jobId);
  next.set(jobId, attempt);
  const [oldest] = next.keys();
  if (next.size > JOBS_REMEMBERED_MAX && oldest !== undefined) {
    next.delete(oldest);
  }
  return next;
}
