import { unreachable } from '../../shared/invariant.ts';
import type { QuarantinedFingerprint } from '../../shared/control/messages.ts';
import type { FailedRecord, Failure } from '../../shared/failure/failure.ts';
import { recordFailure } from '../recovery/failure-history.ts';
import { countFailedRecord, QUARANTINED_MAX } from '../recovery/quarantine.ts';
import { decideRestart } from '../recovery/restart-policy.ts';
import { withSuspects } from '../scheduling/suspects.ts';
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
  const failed = countRecord(withFailure(suspecting(job, located), located, context), located, context);
  if (failed.failures.at(-1)?.failure.reaction === 'fail-job') {
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

/** The next attempt is to be where its task managers reach each other, if there are others. */
function suspecting(job: ActiveJob, { failure }: LocatedFailure): ActiveJob {
  return failure.code === 'exchange-peer-unreachable'
    ? {
        ...job,
        suspects: withSuspects(
          job.suspects,
          job.run.places.map(({ taskManager }) => taskManager),
        ),
      }
    : job;
}

/** While an attempt ends after a failure, only a failure that makes the job fail is news; the rest belongs to the burst. */
export function onFailureWhileRestarting(job: RestartingJob, located: LocatedFailure, context: JobContext): JobStep {
  return failJob(withFailure(job, located, context), context);
}

/** A record on which a function has thrown often enough is left out from the next attempt on. */
function countRecord(job: ActiveJob, { where, failure }: LocatedFailure, context: JobContext): ActiveJob {
  const { record } = failure;
  if (record === undefined || failure.reaction === 'fail-job') {
    return job;
  }
  const failuresMax = context.settings.quarantineFailures;
  const count = countFailedRecord(job.quarantine, record, { failuresMax, nowMs: context.wallMs });
  switch (count.kind) {
    case 'borne':
      return { ...job, quarantine: count.quarantine };
    case 'quarantined':
      return withFailure(
        { ...job, quarantine: count.quarantine },
        { where, failure: quarantined(count.record) },
        context,
      );
    case 'full':
      return withFailure(job, { where, failure: quarantineFull(record) }, context);
    default:
      return unreachable(count);
  }
}

function quarantined({ operator, fingerprint, failures, error }: QuarantinedFingerprint): Failure {
  return {
    code: 'record-quarantined',
    reaction: 'restart-job',
    message: `Operator ${operator} has failed ${failures} times (${error}) on the record with fingerprint ${fingerprint}: from now on it leaves by the side output of the operator's quarantine.`,
    remedy: 'Look where that side output leads for the record, correct it or the function, and send the record again.',
  };
}

function quarantineFull({ operator, fingerprint, error }: FailedRecord): Failure {
  return {
    code: 'quarantine-full',
    reaction: 'fail-job',
    message: `Operator ${operator} fails (${error}) on the record with fingerprint ${fingerprint}, and ${QUARANTINED_MAX} records of the job are quarantined already.`,
    remedy: "Correct the operator's function, and submit the job again from its last checkpoint.",
  };
}

function withFailure<J extends ActiveJob | RestartingJob>(job: J, located: LocatedFailure, context: JobContext): J {
  const record = { atMs: context.wallMs, attempt: job.run.number, ...located };
  return { ...job, failures: recordFailure(job.failures, record) };
}
