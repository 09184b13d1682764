import { unreachable } from '../../shared/invariant.ts';
import { failAttempt } from './fail-attempt.ts';
import type { LifeSign } from './follow-checkpoints.ts';
import type { JobContext, JobStep } from './job-events.ts';
import { unchangedJob } from './job-events.ts';
import { isEnding } from './job.ts';
import type { Job } from './job.ts';
import { deployAttempt } from './states/deploying.ts';
import { failJob } from './states/failing.ts';
import { finishJob } from './states/finishing.ts';

/** What the checkpoints of a job say about its life. `settled` is no news: who waits for it looks after every step. */
export function onLifeSign(job: Job, sign: LifeSign, context: JobContext): JobStep {
  switch (sign.kind) {
    case 'ready':
      return job.kind === 'deploying' && !job.isDeployed ? deployAttempt(job, context) : unchangedJob(job);
    case 'settled':
      return unchangedJob(job);
    case 'stopped':
      return isRunningOrEnding(job) && job.kind !== 'finishing' ? finishJob(job, context) : unchangedJob(job);
    case 'restart-attempt':
      return job.kind === 'deploying' || job.kind === 'running'
        ? failAttempt(job, { where: 'checkpoints', failure: sign.failure }, context)
        : unchangedJob(job);
    case 'fail-job':
      return isRunningOrEnding(job) && job.kind !== 'failing' ? failJob(job, context) : unchangedJob(job);
    default:
      return unreachable(sign);
  }
}

function isRunningOrEnding(job: Job): job is Parameters<typeof failJob>[0] {
  return job.kind === 'deploying' || job.kind === 'running' || isEnding(job);
}
