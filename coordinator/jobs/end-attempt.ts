import type { TaskManagerId } from '../../shared/ids.ts';
import { beginAbandonments, onAbandonAnswer, onAbandonTick } from '../commits/abandon-step.ts';
import type { Abandonments, AbandonStep } from '../commits/abandon-step.ts';
import type { AbandonEvent } from '../commits/commit-events.ts';
import { recordFailure } from '../recovery/failure-history.ts';
import { condemnedSinks, withCondemned } from './attempt-record.ts';
import type { AttemptRecord } from './attempt-record.ts';
import type { JobContext, JobPersist, JobSend, Overdue } from './job-events.ts';
import { isSettled } from './job-checkpoints.ts';
import type { ActiveJob, EndingJob } from './job.ts';

/** Tells every task manager on which something of the attempt may still run to end it. */
export function cancelCommands(job: ActiveJob | EndingJob): readonly JobSend[] {
  const key = { jobId: job.spec.jobId, attempt: job.run.number };
  if (job.kind === 'deploying' && !job.isDeployed) {
    const places = new Set(job.run.places.map(({ taskManager }) => taskManager));
    return [...places].map((taskManager) => ({ kind: 'release-slots', taskManager, ...key }));
  }
  return [...job.run.live].map((to): JobSend => ({ kind: 'command', to, message: { kind: 'cancel', ...key } }));
}

export function endByOf(context: JobContext): number {
  return context.now + context.settings.endTimeoutMs;
}

/** The part of an ending state that an attempt enters with. */
export function endingOf(
  job: ActiveJob | EndingJob,
  context: JobContext,
): Pick<EndingJob, 'run' | 'endBy' | 'abandonments'> {
  if ('endBy' in job) {
    const { run, endBy, abandonments } = job;
    return { run, endBy, abandonments };
  }
  return { run: job.run, endBy: endByOf(context), abandonments: undefined };
}

/**
 * Task managers whose time to end the attempt is over. They are taken for lost, which ends the wait: a process that does
 * not obey must not hold the job up for ever.
 */
export function chooseOverdue(job: EndingJob, context: JobContext): readonly Overdue[] {
  if (context.now < job.endBy) {
    return [];
  }
  const why = `it did not end attempt ${job.run.number} of job ${job.spec.jobId} within ${context.settings.endTimeoutMs} ms`;
  return [...job.run.live].map((taskManager: TaskManagerId) => ({ taskManager, why }));
}

export interface EndProgress<J extends EndingJob> {
  readonly job: J;
  readonly persist: readonly JobPersist[];
  readonly send: readonly JobSend[];
  /** Nothing of the attempt is deployed, in doubt, or able to make anything visible any more. */
  readonly isOver: boolean;
}

/**
 * Brings the end of an attempt as far as it can be brought now: its checkpoints have settled → it is condemned, durably →
 * nothing of it is deployed → it is abandoned by every sink (DESIGN §8.7). To be called whenever one of these has changed.
 */
export function advanceEnd<J extends EndingJob>(job: J, context: JobContext): EndProgress<J> {
  if (!isSettled(job.checkpoints)) {
    return { job, persist: [], send: [], isOver: false };
  }
  const condemned = condemn(job);
  if (job.run.live.size > 0) {
    return { ...condemned, send: [], isOver: false };
  }
  const abandoning = beginAbandoning(condemned.job, context);
  return { ...abandoning, persist: condemned.persist, isOver: abandoning.job.abandonments?.open.size === 0 };
}

function condemn<J extends EndingJob>(job: J): Pick<EndProgress<J>, 'job' | 'persist'> {
  if (job.attempts.current === undefined) {
    return { job, persist: [] };
  }
  const attempts = withCondemned(job.attempts);
  return { job: { ...job, attempts }, persist: [{ kind: 'put-attempts', jobId: job.spec.jobId, attempts }] };
}

function beginAbandoning<J extends EndingJob>(job: J, context: JobContext): Pick<EndProgress<J>, 'job' | 'send'> {
  if (job.abandonments !== undefined) {
    return { job, send: [] };
  }
  const { abandonments, send } = beginAbandonments(job.spec.jobId, condemnedSinks(job.attempts), context.now);
  return { job: { ...job, abandonments }, send };
}

export function onAbandonEvent<J extends EndingJob>(job: J, event: AbandonEvent, context: JobContext): J {
  return job.abandonments === undefined
    ? job
    : afterAbandonStep(job, onAbandonAnswer(job.abandonments, event, context.now), context);
}

export function retryAbandoning<J extends EndingJob>(
  job: J,
  context: JobContext,
): { readonly job: J; readonly send: readonly JobSend[] } {
  if (job.abandonments === undefined) {
    return { job, send: [] };
  }
  const step = onAbandonTick(job.abandonments, context.now);
  return { job: afterAbandonStep(job, step, context), send: step.send };
}

/** The first failure of a series is kept: it is what a job that does not end waits for. */
function afterAbandonStep<J extends EndingJob>(job: J, step: AbandonStep, context: JobContext): J {
  const { failure, abandonments } = step;
  if (abandonments === job.abandonments) {
    return job;
  }
  const isFirst = failure !== undefined && job.failures.at(-1)?.failure.code !== failure.code;
  const record = { atMs: context.wallMs, attempt: job.run.number, where: 'abandoning' };
  const failures = isFirst ? recordFailure(job.failures, { ...record, failure }) : job.failures;
  return { ...job, abandonments, failures };
}

/** A job that ends need not wait for a broker that is away: what is left stays listed, and times out by itself. */
export function isWaitTooLong({ abandonments }: EndingJob, context: JobContext): boolean {
  return abandonments !== undefined && context.now - abandonments.beganAt >= context.settings.abandonTimeoutMs;
}

/** What stays of the record when an ending is over: the attempts that some sink has not abandoned. */
export function withoutAbandoned(attempts: AttemptRecord, abandonments: Abandonments | undefined): AttemptRecord {
  const open = new Set([...(abandonments?.open.values() ?? [])].map(({ attempt }) => attempt.attempt));
  return { ...attempts, condemned: attempts.condemned.filter(({ number }) => open.has(number)) };
}
