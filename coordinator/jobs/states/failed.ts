import type { JobContext, JobStep } from '../job-events.ts';
import type { FailingJob } from '../job.ts';
import { endJob } from './ended.ts';

/** Ended by a failure that a restart cannot help. */
export function endAsFailed(job: FailingJob, context: JobContext): JobStep {
  return endJob(job, 'failed', context);
}
