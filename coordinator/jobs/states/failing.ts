import { cancelCommands, chooseOverdue, endByOf } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { ActiveJob, FailingJob, RestartingJob } from '../job.ts';
import { endAsFailed } from './failed.ts';

/**
 * The job has failed for good; its last attempt is being ended everywhere. Stored at once, so that no later coordinator
 * restarts it. Exits: failed.
 */
export function failJob(job: ActiveJob | RestartingJob, context: JobContext): JobStep {
  const next: FailingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'failing',
    run: job.run,
    endBy: job.kind === 'restarting' ? job.endBy : endByOf(context),
  };
  const step = failIfEnded(next, context);
  return {
    ...step,
    persist: [{ kind: 'put-job', record: recordOf(next) }, ...step.persist],
    send: [...(job.kind === 'restarting' ? [] : cancelCommands(job)), ...step.send],
  };
}

export function failIfEnded(job: FailingJob, context: JobContext): JobStep {
  return job.run.live.size > 0 ? unchangedJob(job) : endAsFailed(job, [], context);
}

export function onFailingTick(job: FailingJob, context: JobContext): JobStep {
  return { ...unchangedJob(job), overdue: chooseOverdue(job, context) };
}
