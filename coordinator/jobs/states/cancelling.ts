import { cancelCommands, chooseOverdue, endByOf } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { ActiveJob, CancellingJob, RestartingJob } from '../job.ts';
import { endAsCancelled } from './cancelled.ts';

/** Somebody asked for the end; the attempt is being ended everywhere. Exits: cancelled. */
export function cancelJob(job: ActiveJob | RestartingJob, context: JobContext): JobStep {
  const next: CancellingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'cancelling',
    run: job.run,
    endBy: job.kind === 'restarting' ? job.endBy : endByOf(context),
  };
  const step = cancelIfEnded(next, context);
  return {
    ...step,
    persist: [{ kind: 'put-job', record: recordOf(next) }, ...step.persist],
    send: [...(job.kind === 'restarting' ? [] : cancelCommands(job)), ...step.send],
  };
}

export function cancelIfEnded(job: CancellingJob, context: JobContext): JobStep {
  return job.run.live.size > 0 ? unchangedJob(job) : endAsCancelled(job, context);
}

export function onCancellingTick(job: CancellingJob, context: JobContext): JobStep {
  return { ...unchangedJob(job), overdue: chooseOverdue(job, context) };
}
