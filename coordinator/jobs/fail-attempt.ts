import { unreachable } from '../../shared/invariant.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { recordFailure } from '../recovery/failure-history.ts';
import { decideRestart } from '../recovery/restart-policy.ts';
import type { JobContext, JobStep } from './job-events.ts';
import type { ActiveJob, RestartingJob } from './job.ts';
import { failJob } from './states/failing.ts';
import { restartJob } from './states/restarting.ts';

export interface LocatedFailure {
  /** Where it happened, for people: `raw[2] on tm-1`. */
  readonly where: string;
  readonly failure: Failure;
}

/** The attempt is over: what becomes of the job is decided by the failure's reaction, then by the restart strategy. */
export function failAttempt(job: ActiveJob, located: LocatedFailure, context: JobContext): JobStep {
  const failed = withFailure(job, located, context);
  if (located.failure.reaction === 'fail-job') {
    return failJob(failed, context);
  }
  const decision = decideRestart(context.settings.restart, job.restarts, context.now, context.random);
  switch (decision.kind) {
    case 'give-up': {
      const failure: Failure = {
        code: 'restart-limit-reached',
        reaction: 'fail-job',
        message: `${located.failure.message} The job is not restarted: ${decision.why}.`,
        remedy: located.failure.remedy ?? 'Remove the cause and submit the job again.',
      };
      return failJob(withFailure(failed, { where: 'restart strategy', failure }, context), context);
    }
    case 'restart-at':
      return restartJob({ ...failed, restarts: decision.history }, decision.at, context);
    default:
      return unreachable(decision);
  }
}

/** While an attempt ends after a failure, only a failure that makes the job fail is news; the rest belongs to the burst. */
export function onFailureWhileRestarting(job: RestartingJob, located: LocatedFailure, context: JobContext): JobStep {
  return failJob(withFailure(job, located, context), context);
}

function withFailure<J extends ActiveJob | RestartingJob>(job: J, located: LocatedFailure, context: JobContext): J {
  const record = { atMs: context.wallMs, attempt: job.run.number, ...located };
  return { ...job, failures: recordFailure(job.failures, record) };
}
