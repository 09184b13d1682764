import type { Instant } from '../../membership/members.ts';
import { cancelCommands, chooseOverdue, endByOf } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { ActiveJob, RestartingJob } from '../job.ts';
import { awaitSlots } from './waiting-for-slots.ts';

/**
 * The attempt has failed and is being ended everywhere; the next one waits for that (job.ts I1) and for its delay.
 * Exits: waiting-for-slots, failing, cancelling.
 */
export function restartJob(job: ActiveJob, resumeAt: Instant, context: JobContext): JobStep {
  const next: RestartingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'restarting',
    run: job.run,
    endBy: endByOf(context),
    resumeAt,
  };
  const step = resumeIfEnded(next, context);
  return {
    ...step,
    persist: [{ kind: 'put-job', record: recordOf(next) }, ...step.persist],
    send: [...cancelCommands(job), ...step.send],
  };
}

/** To be called whenever a task manager has ended or was lost, and when time has passed. */
export function resumeIfEnded(job: RestartingJob, context: JobContext): JobStep {
  if (job.run.live.size > 0 || context.now < job.resumeAt) {
    return unchangedJob(job);
  }
  return unchangedJob(awaitSlots(job, context.wallMs));
}

export function onRestartingTick(job: RestartingJob, context: JobContext): JobStep {
  return { ...resumeIfEnded(job, context), overdue: chooseOverdue(job, context) };
}
