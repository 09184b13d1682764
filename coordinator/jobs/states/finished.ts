import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { FinishedJob, FinishingJob } from '../job.ts';

/** Its bounded input was processed to the end, and all output is visible. No exits (job.ts I3). */
export function endAsFinished(job: FinishingJob, context: JobContext): JobStep {
  const next: FinishedJob = { ...commonOf(job, context.wallMs), kind: 'finished' };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    send: [{ kind: 'close-job', jobId: job.spec.jobId }],
  };
}
