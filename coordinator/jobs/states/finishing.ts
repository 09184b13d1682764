import { unreachable } from '../../../shared/invariant.ts';
import type { Failure } from '../../../shared/failure/failure.ts';
import { areAllCommitted, beginCommits, onCommitAnswer, onCommitTick } from '../../commits/commit-step.ts';
import type { CommitStep } from '../../commits/commit-step.ts';
import type { CommitEvent } from '../../commits/commit-events.ts';
import { recordFailure } from '../../recovery/failure-history.ts';
import { chooseOverdue, endByOf } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf, uncommittedOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { FinishingJob, RunningJob } from '../job.ts';
import { endAsFailed } from './failed.ts';
import { endAsFinished } from './finished.ts';

/**
 * Every subtask has finished; what its sinks prepared is being committed. A loss of a task manager changes nothing any
 * more, and a cancel is too late: a commit that has begun is finished. Exits: finished, failed.
 */
export function finishJob(job: RunningJob, context: JobContext): JobStep {
  const { commits, send } = beginCommits(job.spec.jobId, job.committables);
  const next: FinishingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'finishing',
    run: job.run,
    endBy: endByOf(context),
    commits,
    isBroken: false,
  };
  const step = finishIfDone(next, context);
  return {
    ...step,
    // commit-step.ts I1: what is to be committed is durable before the first commit is sent.
    persist: [{ kind: 'put-job', record: recordOf(next) }, ...step.persist],
    send: [...send, ...step.send],
  };
}

/** To be called whenever a commit is done or broken, or a task manager has ended or was lost (job.ts I1). */
export function finishIfDone(job: FinishingJob, context: JobContext): JobStep {
  if (job.run.live.size > 0) {
    return unchangedJob(job);
  }
  if (job.isBroken) {
    return endAsFailed(job, uncommittedOf(job), context);
  }
  return areAllCommitted(job.commits) ? endAsFinished(job, context) : unchangedJob(job);
}

export function onFinishingCommit(job: FinishingJob, event: CommitEvent, context: JobContext): JobStep {
  return apply(job, onCommitAnswer(job.commits, event, context.now), `commit of ${event.sink}`, context);
}

export function onFinishingTick(job: FinishingJob, context: JobContext): JobStep {
  const step = apply(job, onCommitTick(job.commits, context.now), 'commit', context);
  return { ...step, overdue: chooseOverdue(job, context) };
}

function apply(job: FinishingJob, step: CommitStep, where: string, context: JobContext): JobStep {
  if (job.isBroken) {
    return unchangedJob(job);
  }
  switch (step.kind) {
    case 'going-on': {
      const next = { ...withFailure(job, step.failure, where, context), commits: step.commits };
      const done = finishIfDone(next, context);
      return { ...done, send: [...step.send, ...done.send] };
    }
    case 'broken': {
      const broken = { ...withFailure(job, step.failure, where, context), commits: step.commits, isBroken: true };
      return finishIfDone(broken, context);
    }
    default:
      return unreachable(step);
  }
}

function withFailure(
  job: FinishingJob,
  failure: Failure | undefined,
  where: string,
  context: JobContext,
): FinishingJob {
  if (failure === undefined) {
    return job;
  }
  const record = { atMs: context.wallMs, attempt: job.run.number, where, failure };
  return { ...job, failures: recordFailure(job.failures, record) };
}
