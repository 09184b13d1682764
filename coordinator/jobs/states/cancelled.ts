import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { CancelledJob, CancellingJob, CreatedJob, WaitingJob } from '../job.ts';

/** Ended because somebody asked for it. No exits (job.ts I3). */
export function endAsCancelled(job: CancellingJob | CreatedJob | WaitingJob, context: JobContext): JobStep {
  const next: CancelledJob = { ...commonOf(job, context.wallMs), kind: 'cancelled' };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    send: [{ kind: 'close-job', jobId: job.spec.jobId }],
  };
}
