import type { JobContext, JobSend, Overdue } from './job-events.ts';
import type { ActiveJob, CancellingJob, FailingJob, FinishingJob, RestartingJob } from './job.ts';

/** Tells every task manager on which something of the attempt may still run to end it. */
export function cancelCommands(job: ActiveJob): readonly JobSend[] {
  const key = { jobId: job.spec.jobId, attempt: job.run.number };
  return [...job.run.live].map((to): JobSend => ({ kind: 'command', to, message: { kind: 'cancel', ...key } }));
}

export function endByOf(context: JobContext): number {
  return context.now + context.settings.endTimeoutMs;
}

/**
 * Task managers whose time to end the attempt is over. They are taken for lost, which ends the wait: a process that does
 * not obey must not hold the job up for ever.
 */
export function chooseOverdue(
  job: RestartingJob | CancellingJob | FailingJob | FinishingJob,
  context: JobContext,
): readonly Overdue[] {
  if (context.now < job.endBy) {
    return [];
  }
  const why = `it did not end attempt ${job.run.number} of job ${job.spec.jobId} within ${context.settings.endTimeoutMs} ms`;
  return [...job.run.live].map((taskManager) => ({ taskManager, why }));
}
