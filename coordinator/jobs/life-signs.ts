import { unreachable } from '../../shared/invariant.ts';
import { cancelCommands } from './end-attempt.ts';
import { failAttempt } from './fail-attempt.ts';
import type { LifeSign } from './follow-checkpoints.ts';
import type { JobContext, JobStep } from './job-events.ts';
import { unchangedJob } from './job-events.ts';
import { isEnding } from './job.ts';
import type { Job } from './job.ts';
import { deployAttempt } from './states/deploying.ts';
import { failJob } from './states/failing.ts';
import { adoptIfComplete } from './states/recovering.ts';
import { finishJob } from './states/finishing.ts';

/** What the checkpoints of a job say about its life. `settled` is no news: who waits for it looks after every step. */
export function onLifeSign(job: Job, sign: LifeSign, context: JobContext): JobStep {
  switch (sign.kind) {
    case 'ready':
      return onReady(job, context);
    case 'settled':
      return unchangedJob(job);
    case 'stopped':
      return isRunningOrEnding(job) && job.kind !== 'finishing' ? stopJob(job, context) : unchangedJob(job);
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

function onReady(job: Job, context: JobContext): JobStep {
  if (job.kind === 'recovering') {
    return adoptIfComplete(job, context);
  }
  return job.kind === 'deploying' && !job.isDeployed ? deployAttempt(job, context) : unchangedJob(job);
}

/** Subtasks that hear of the last checkpoint end by themselves; a leader that found it has nobody to tell, and cancels them. */
function stopJob(job: Parameters<typeof failJob>[0], context: JobContext): JobStep {
  const step = finishJob(job, context);
  return job.kind === 'recovering' ? { ...step, send: [...step.send, ...cancelCommands(job)] } : step;
}

function isRunningOrEnding(job: Job): job is Parameters<typeof failJob>[0] {
  return ['deploying', 'running', 'recovering'].includes(job.kind) || isEnding(job);
}
