import type { Failure } from '../../shared/failure/failure.ts';
import { isStopping } from '../checkpoints/checkpoints.ts';
import type { Instant } from '../membership/members.ts';
import { andThen, unchangedJob } from './job-events.ts';
import type { JobContext, JobSend, JobStep, RedeployAnswer, RedeployEvent, RedeployPurpose } from './job-events.ts';
import type { Job, RunningJob } from './job.ts';
import type { JobSpec } from './job-spec.ts';
import { restartJob } from './states/restarting.ts';

/**
 * A planned redeployment: the job goes on from a checkpoint that is taken for it, in another shape or in other places.
 *
 * D1  The attempt is ended only behind a checkpoint that has completed since it was asked for. Until then nothing has changed, and
 *     whatever is in the way (a checkpoint that fails, a failure, a cancel, a change of leader) only takes the plan away.
 * D2  The new specification is written with the record that says that the attempt is being ended: from then on whoever leads deploys
 *     the new one, and none adopts what still runs of the old.
 * D3  It is no failure: none is recorded, and the restart strategy does not count it.
 * D4  A growth bears some failed checkpoints before it is given up (Flink's rescale-trigger.max-checkpoint-failures): those of a job
 *     that has too few slots for its load fail more easily. It is tried again when the cooldown is over, counted from there.
 */
export interface PlannedRedeployment {
  readonly request: number | undefined;
  readonly spec: JobSpec | undefined;
  /** Counts of the job's checkpoints when it was asked for. */
  readonly completed: number;
  readonly failed: number;
  /** Checkpoints that may fail meanwhile. */
  readonly failuresBorne: number;
  readonly giveUpAt: Instant;
  readonly purpose: RedeployPurpose;
}

export function planRedeployment(job: Job, event: RedeployEvent, context: JobContext): JobStep {
  const { request, spec, purpose } = event;
  const refusal = refusalOf(job);
  if (refusal !== undefined || job.kind !== 'running') {
    return { ...unchangedJob(job), send: answering(request, refused(refusal ?? `it is ${job.kind}`)) };
  }
  const { completed, failed } = job.checkpoints.stats;
  const { timeoutMs, minPauseMs } = context.settings.checkpoints;
  const failuresBorne = purpose === 'more-slots' ? Math.max(0, context.settings.scaling.failedCheckpointsMax - 1) : 0;
  const giveUpAt = context.now + (1 + failuresBorne) * (timeoutMs + minPauseMs);
  const planned = { request, spec, purpose, completed, failed, failuresBorne, giveUpAt };
  return { ...unchangedJob({ ...job, planned }), tell: [{ kind: 'checkpoint-wanted' }] };
}

function refusalOf(job: Job): string | undefined {
  const { machine } = job.checkpoints;
  if (job.kind !== 'running' || machine === undefined) {
    return `it is ${job.kind}`;
  }
  if (job.planned !== undefined) {
    return 'another redeployment of it is under way';
  }
  return isStopping(machine) || machine.requests.some(({ mode }) => mode !== 'go-on') ? 'it is stopping' : undefined;
}

/** To be called behind every step: a checkpoint may have completed, or failed, or taken too long. */
export function followPlan(job: Job, context: JobContext): JobStep {
  if (job.kind !== 'running' || job.planned === undefined) {
    return unchangedJob(job);
  }
  const { planned, checkpoints } = job;
  const { stats, machine } = checkpoints;
  // Who waits for a savepoint, or for the stop, is not sent away.
  const isAwaited = machine === undefined || isStopping(machine) || machine.requests.length > 0;
  if (stats.completed > planned.completed && !isAwaited) {
    return redeploy(job, planned, context);
  }
  if (stats.failed > planned.failed + planned.failuresBorne) {
    return withoutPlan(job, stats.lastFailure?.sentence ?? 'its checkpoint failed', context);
  }
  return context.now >= planned.giveUpAt
    ? withoutPlan(job, 'no checkpoint of it completed in time', context)
    : unchangedJob(job);
}

/** `before`: the job before a step. A plan that the step has taken away by another way than `followPlan` is answered. */
export function answerLostPlan(before: Job, step: JobStep): JobStep {
  const planned = before.kind === 'running' ? before.planned : undefined;
  const isKept = step.job.kind === 'running' && step.job.planned !== undefined;
  if (planned?.request === undefined || isKept || step.send.some(({ kind }) => kind === 'answer-redeploy')) {
    return step;
  }
  const why = refused(`it has become ${step.job.kind} meanwhile`);
  return { ...step, send: [...step.send, ...answering(planned.request, why)] };
}

function redeploy(job: RunningJob, { request, spec, purpose }: PlannedRedeployment, context: JobContext): JobStep {
  const last = job.checkpoints.stats.last;
  const begun = restartJob({ ...job, spec: spec ?? job.spec }, context.now, context);
  if (last === undefined) {
    return begun;
  }
  const answer: RedeployAnswer = { kind: 'begun', attempt: job.run.number, checkpoint: last.checkpoint };
  const { jobId } = job.spec;
  const note: readonly JobSend[] =
    spec === undefined ? [] : [{ kind: 'note-rescaled', jobId, from: job.spec, to: spec, reason: purpose }];
  return andThen(begun, (next) => ({ ...unchangedJob(next), send: [...note, ...answering(request, answer)] }));
}

function withoutPlan(job: RunningJob, why: string, context: JobContext): JobStep {
  const { planned, spec } = job;
  const next = { ...job, planned: undefined, scaling: { ...job.scaling, cooldownFrom: context.now } };
  if (planned === undefined) {
    return unchangedJob(job);
  }
  const { request, purpose } = planned;
  const send: readonly JobSend[] =
    request === undefined
      ? [{ kind: 'note-not-redeployed', jobId: spec.jobId, purpose, why }]
      : answering(request, refused(why));
  return { ...unchangedJob(next), send };
}

function refused(why: string): RedeployAnswer {
  const failure: Failure = {
    code: 'redeployment-failed',
    reaction: 'retry',
    message: `The job was not redeployed: ${why}.`,
    remedy: 'Nothing has changed; ask again when the job runs and its checkpoints complete ("nerve status").',
  };
  return { kind: 'refused', failure };
}

function answering(request: number | undefined, answer: RedeployAnswer): readonly JobSend[] {
  return request === undefined ? [] : [{ kind: 'answer-redeploy', request, answer }];
}
