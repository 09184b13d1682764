import { formatFailure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import type { Job } from '../jobs/job.ts';
import type { FailureRecord } from '../recovery/failure-history.ts';

/**
 * Says what a step has changed: who joined and left, and each job's new state with the failure behind it. `isGoodbye`: who left had said
 * so, and nobody has to look for a cause.
 */
export function logChanges(before: KernelState, after: KernelState, logger: Logger, isGoodbye = false): void {
  if (before.membership.members !== after.membership.members) {
    logMembers(before, after, logger, isGoodbye);
  }
  if (before.jobs !== after.jobs) {
    for (const job of after.jobs.values()) {
      const older = before.jobs.get(job.spec.jobId);
      if (older !== job) {
        logJob(older, job, logger);
      }
    }
  }
}

function logMembers(before: KernelState, after: KernelState, logger: Logger, isGoodbye: boolean): void {
  for (const [id, member] of after.membership.members) {
    if (before.membership.members.get(id) !== member) {
      const { incarnation, dataAddress, slots } = member;
      logger.info('task-manager-registered', { taskManager: id, incarnation, dataAddress, slots });
    }
  }
  for (const [id, member] of before.membership.members) {
    if (!after.membership.members.has(id)) {
      const who = { taskManager: id, incarnation: member.incarnation };
      if (isGoodbye) {
        logger.info('task-manager-left', who);
      } else {
        logger.warn('task-manager-lost', who);
      }
    }
  }
}

function logJob(before: Job | undefined, job: Job, logger: Logger): void {
  const jobId = job.spec.jobId;
  for (const { failure, where, attempt } of failuresSince(before, job)) {
    logger.warn('job-failure', { jobId, attempt, where, code: failure.code, failure: formatFailure(failure) });
  }
  if (before?.kind !== job.kind) {
    logger.info('job-state-changed', {
      jobId,
      name: job.spec.name,
      from: before?.kind,
      to: job.kind,
      attempt: job.lastAttempt,
    });
  }
  if (job.kind === 'waiting-for-slots' && !(before?.kind === job.kind && before.reason === job.reason)) {
    logger.info('job-waiting', { jobId, reason: job.reason });
  }
}

/** One step may bring several. Of a job that is new here only the last is news. */
function failuresSince(before: Job | undefined, { failures }: Job): readonly FailureRecord[] {
  if (before === undefined) {
    return failures.slice(-1);
  }
  const known = before.failures.at(-1);
  return known === undefined ? failures : failures.slice(failures.lastIndexOf(known) + 1);
}
