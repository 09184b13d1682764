import type { SinkCommittables } from '../../../shared/control/messages.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { FailedJob, FailingJob, FinishingJob } from '../job.ts';

/** Ended by a failure that a restart cannot help. No exits (job.ts I3). */
export function endAsFailed(
  job: FailingJob | FinishingJob,
  uncommitted: readonly SinkCommittables[],
  context: JobContext,
): JobStep {
  const next: FailedJob = { ...commonOf(job, context.wallMs), kind: 'failed', uncommitted };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    send: [{ kind: 'close-job', jobId: job.spec.jobId }],
  };
}
