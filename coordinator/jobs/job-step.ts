import { unreachable } from '../../shared/invariant.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { TaskReport } from '../../shared/control/messages.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { onReaderRequest } from './assign-splits.ts';
import { isCurrent } from './attempt-key.ts';
import { areFinishedOn, placeOf, withoutTaskManager, withReport } from './attempt-run.ts';
import type { AttemptRun } from './attempt-run.ts';
import { discoverDue, onDiscovery } from './discover-splits.ts';
import { failAttempt, onFailureWhileRestarting } from './fail-attempt.ts';
import type { LocatedFailure } from './fail-attempt.ts';
import type { JobContext, JobEvent, JobStep } from './job-events.ts';
import { unchangedJob } from './job-events.ts';
import { isDeployed } from './job.ts';
import type { DeployedJob, Job } from './job.ts';
import { endAsCancelled } from './states/cancelled.ts';
import { cancelIfEnded, cancelJob, onCancellingTick } from './states/cancelling.ts';
import { onStored } from './states/created.ts';
import { onDeployingReport, onDeployingTick, onEarlyRequest } from './states/deploying.ts';
import { failIfEnded, onFailingTick } from './states/failing.ts';
import { finishIfDone, onFinishingCommit, onFinishingTick } from './states/finishing.ts';
import { onRestartingTick, resumeIfEnded } from './states/restarting.ts';
import { onRunningReport } from './states/running.ts';

/**
 * One job, one event. An event that its state has no use for, or that is about another attempt than the present one,
 * changes nothing: late words are normal, not errors.
 */
export function jobStep(job: Job, event: JobEvent, context: JobContext): JobStep {
  switch (event.kind) {
    case 'stored':
      return job.kind === 'created' ? onStored(job, context) : unchangedJob(job);
    case 'cancel':
      return onCancel(job, context);
    case 'tick':
      return onTick(job, context);
    case 'task-report':
      return isCurrent(job, event.report) ? onReport(job, event.from, event.report, context) : unchangedJob(job);
    case 'split-request':
      return onRequest(job, event);
    case 'attempt-failed':
      return isCurrent(job, event) ? onAttemptFailed(job, event, context) : unchangedJob(job);
    case 'attempt-ended':
      return isCurrent(job, event) ? onEnded(job, event.from, context) : unchangedJob(job);
    case 'task-manager-lost':
      return onLost(job, event.taskManager, event.failure, context);
    case 'discovered':
    case 'discovery-failed':
      return onDiscovery(job, event, context);
    case 'committed':
    case 'commit-failed':
      return job.kind === 'finishing' ? onFinishingCommit(job, event, context) : unchangedJob(job);
    default:
      return unreachable(event);
  }
}

function onCancel(job: Job, context: JobContext): JobStep {
  switch (job.kind) {
    case 'created':
    case 'waiting-for-slots':
      return endAsCancelled(job, context);
    case 'deploying':
    case 'running':
    case 'restarting':
      return cancelJob(job, context);
    case 'cancelling':
    case 'failing':
    case 'finishing':
    case 'finished':
    case 'failed':
    case 'cancelled':
      return unchangedJob(job);
    default:
      return unreachable(job);
  }
}

function onTick(job: Job, context: JobContext): JobStep {
  switch (job.kind) {
    case 'deploying':
      return onDeployingTick(job, context);
    case 'running':
      return discoverDue(job, context);
    case 'restarting':
      return onRestartingTick(job, context);
    case 'cancelling':
      return onCancellingTick(job, context);
    case 'failing':
      return onFailingTick(job, context);
    case 'finishing':
      return onFinishingTick(job, context);
    case 'created':
    case 'waiting-for-slots':
    case 'finished':
    case 'failed':
    case 'cancelled':
      return unchangedJob(job);
    default:
      return unreachable(job);
  }
}

function onReport(job: Job, from: TaskManagerId, report: TaskReport, context: JobContext): JobStep {
  if (!isDeployed(job)) {
    return unchangedJob(job);
  }
  const run = withReport(job.run, job.spec, from, report);
  if (run === undefined) {
    return unchangedJob(job);
  }
  const next = { ...job, run };
  const problem = problemOf(job, report);
  if (problem !== undefined) {
    const place = placeOf(run, job.spec, report);
    const where = `${report.vertex}[${report.subtask}] on ${place?.taskManager ?? from}`;
    return onFailure(next, { where, failure: problem }, context);
  }
  switch (next.kind) {
    case 'deploying':
      return onDeployingReport(next, run, context);
    case 'running':
      return onRunningReport(next, run, report, context);
    case 'restarting':
    case 'cancelling':
    case 'failing':
    case 'finishing':
      return unchangedJob(next);
    default:
      return unreachable(next);
  }
}

/** What a report says went wrong, if anything. A subtask that was cancelled without our asking is as good as failed. */
function problemOf(job: DeployedJob, report: TaskReport): Failure | undefined {
  if (report.state === 'failed') {
    return report.failure ?? unexpected('failed without saying why');
  }
  const isAsked = job.kind !== 'deploying' && job.kind !== 'running';
  return report.state === 'cancelled' && !isAsked ? unexpected('was cancelled by its own task manager') : undefined;
}

function onFailure(job: DeployedJob, located: LocatedFailure, context: JobContext): JobStep {
  switch (job.kind) {
    case 'deploying':
    case 'running':
      return failAttempt(job, located, context);
    case 'restarting':
      return located.failure.reaction === 'fail-job'
        ? onFailureWhileRestarting(job, located, context)
        : unchangedJob(job);
    case 'cancelling':
    case 'failing':
    case 'finishing':
      return unchangedJob(job);
    default:
      return unreachable(job);
  }
}

function onAttemptFailed(
  job: Job,
  { from, failure }: Extract<JobEvent, { kind: 'attempt-failed' }>,
  context: JobContext,
): JobStep {
  return isDeployed(job) && job.run.live.has(from)
    ? onFailure(job, { where: from, failure }, context)
    : unchangedJob(job);
}

function onRequest(job: Job, event: Extract<JobEvent, { kind: 'split-request' }>): JobStep {
  const isActive = job.kind === 'running' || job.kind === 'deploying';
  if (!isActive || !isCurrent(job, event) || placeOf(job.run, job.spec, event)?.taskManager !== event.from) {
    return unchangedJob(job);
  }
  return job.kind === 'running' ? onReaderRequest(job, event) : onEarlyRequest(job, event);
}

function onEnded(job: Job, from: TaskManagerId, context: JobContext): JobStep {
  if (!isDeployed(job) || !job.run.live.has(from)) {
    return unchangedJob(job);
  }
  const isEarly = (job.kind === 'deploying' || job.kind === 'running') && !areFinishedOn(job.run, job.spec, from);
  const next = { ...job, run: withoutTaskManager(job.run, from) };
  return isEarly
    ? onFailure(next, { where: from, failure: unexpected('ended before it had finished') }, context)
    : afterEnd(next, next.run, context);
}

function onLost(job: Job, lost: TaskManagerId, failure: Failure, context: JobContext): JobStep {
  if (!isDeployed(job) || !job.run.live.has(lost)) {
    return unchangedJob(job);
  }
  const next = { ...job, run: withoutTaskManager(job.run, lost) };
  return next.kind === 'deploying' || next.kind === 'running'
    ? failAttempt(next, { where: lost, failure }, context)
    : afterEnd(next, next.run, context);
}

/** A task manager runs nothing of the attempt any more: what waited for that may go on. */
function afterEnd(job: DeployedJob, run: AttemptRun, context: JobContext): JobStep {
  switch (job.kind) {
    case 'deploying':
    case 'running':
      return unchangedJob({ ...job, run });
    case 'restarting':
      return resumeIfEnded(job, context);
    case 'cancelling':
      return cancelIfEnded(job, context);
    case 'failing':
      return failIfEnded(job, context);
    case 'finishing':
      return finishIfDone(job, context);
    default:
      return unreachable(job);
  }
}

function unexpected(what: string): Failure {
  return {
    code: 'task-ended-unexpectedly',
    reaction: 'restart-job',
    message: `A part of the attempt ${what}.`,
    remedy: "See the task manager's log.",
  };
}
