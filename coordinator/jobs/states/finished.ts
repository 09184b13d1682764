import type { JobContext, JobStep } from '../job-events.ts';
import type { FinishingJob } from '../job.ts';
import { endJob } from './ended.ts';

/** Its bounded input was processed to the end, or it was stopped; all output is visible. */
export function endAsFinished(job: FinishingJob, context: JobContext): JobStep {
  return endJob(job, 'finished', context);
}
