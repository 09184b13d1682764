import type { JobContext, JobStep } from '../job-events.ts';
import type { CancellingJob, CreatedJob, WaitingJob } from '../job.ts';
import { endJob } from './ended.ts';

/** Ended because somebody asked for it. */
export function endAsCancelled(job: CancellingJob | CreatedJob | WaitingJob, context: JobContext): JobStep {
  return endJob(job, 'cancelled', context);
}
