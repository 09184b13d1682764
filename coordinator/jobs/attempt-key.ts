import type { AttemptKey } from '../../shared/control/messages.ts';
import type { Job } from './job.ts';
import { isDeployed } from './job.ts';

/** True when the words are about the attempt that the job has deployed now; all others are stale and change nothing. */
export function isCurrent(job: Job, key: AttemptKey): boolean {
  return isDeployed(job) && job.spec.jobId === key.jobId && job.run.number === key.attempt;
}
