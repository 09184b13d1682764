import { unreachable } from '../../shared/invariant.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointReport } from '../../shared/control/checkpoint-messages.ts';
import type { TaskReport } from '../../shared/control/messages.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import type { CheckpointEvent } from '../checkpoints/checkpoint-events.ts';
import { onReaderRequest } from './assign-splits.ts';
import { isCurrent } from './attempt-key.ts';
import { areFinishedOn, placeOf, withoutTaskManager, withReport } from './attempt-run.ts';
import { discoverDue, onDiscovery } from './discover-splits.ts';
import { chooseOverdue, onAbandonEvent, retryAbandoning } from './end-attempt.ts';
import { failAttempt, onFailureWhileRestarting } from './fail-attempt.ts';
import type { LocatedFailure } from './fail-attempt.ts';
import { followCheckpoints, onCommitEvent, tickCheckpoints } from './follow-checkpoints.ts';
import { andThen, unchangedJob } from './job-events.ts';
import type { CheckpointTell, JobContext, JobEvent, JobStep, SavepointEvent } from './job-events.ts';
import { hasEnded, isDeployed, isEnding } from './job.ts';
import type { DeployedJob, EndedJob, Job } from './job.ts';
import { recordOf } from './job-record.ts';
import { onLifeSign } from './life-signs.ts';
import { answerLostPlan, followPlan, planRedeployment } from './plan-redeployment.ts';
import { progressEnding } from './progress-ending.ts';
import { endAsCancelled } from './states/cancelled.ts';
import { cancelJob } from './states/cancelling.ts';
import { onStored } from './states/created.ts';
import { onDeployingReport, onDeployingTick, onEarlyRequest, onRecorded } from './states/deploying.ts';
import { withoutIdleMachine } from './states/ended.ts';
import { onAttemptReported, onRecoveringTick, onRegisteredWithout } from './states/recovering.ts';
import { onRunningReport, onTaskManagerBack } from './states/running.ts';

/**
 * One job, one event. An event that its state has no use for, or that is about another attempt than the present one,
 * changes nothing: late words are normal, not errors.
 */
export function jobStep(job: Job, event: JobEvent, context: JobContext): JobStep {
  return answerLostPlan(job, completeStep(onEvent(job, event, context), context));
}

/** What follows from a transition: its checkpoints are told, and an end is brought as far as it can be. */
export function completeStep(step: JobStep, context: JobContext): JobStep {
  const told = followCheckpoints(step, context, onLifeSign);
  const followed = followCheckpoints(
    andThen(told, (job) => followPlan(job, context)),
    context,
    onLifeSign,
  );
  if (isEnding(followed.job)) {
    return andThen(followed, (job) => (isEnding(job) ? progressEnding(job, context) : unchangedJob(job)));
  }
  return hasEnded(followed.job) ? withoutMachine(followed, followed.job) : followed;
}

/** Of an ended job nothing is kept but what savepoints still need; that they do not any more is stored. */
function withoutMachine(step: JobStep, ended: EndedJob): JobStep {
  const checkpoints = withoutIdleMachine(ended.checkpoints);
  if (checkpoints === ended.checkpoints) {
    return step;
  }
  const job = { ...ended, checkpoints };
  return { ...step, job, persist: [...step.persist, { kind: 'put-job', record: recordOf(job) }] };
}

function onEvent(job: Job, event: JobEvent, context: JobContext): JobStep {
  switch (event.kind) {
    case 'stored':
      return job.kind === 'created' ? onStored(job, context) : unchangedJob(job);
    case 'attempt-recorded':
      return job.kind === 'deploying' && isCurrent(job, event) ? onRecorded(job, event) : unchangedJob(job);
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
    case 'attempt-reported':
      return onReportedAttempt(job, event, context);
    case 'registered-without':
      return job.kind === 'recovering' ? onRegisteredWithout(job, event.from, context) : unchangedJob(job);
    case 'discovered':
    case 'discovery-failed':
      return onDiscovery(job, event, context);
    case 'abandoned':
    case 'abandon-failed':
      return unchangedJob(isEnding(job) ? onAbandonEvent(job, event, context) : job);
    default:
      return onCheckpointWord(job, event, context);
  }
}

type CheckpointWord = Extract<
  JobEvent,
  {
    readonly kind:
      'committed' | 'commit-failed' | 'checkpoint-report' | 'checkpoint-written' | 'redeploy' | SavepointEvent['kind'];
  }
>;

function onCheckpointWord(job: Job, event: CheckpointWord, context: JobContext): JobStep {
  switch (event.kind) {
    case 'committed':
    case 'commit-failed':
      return onCommitEvent(job, event, context);
    case 'checkpoint-report':
      return isCurrent(job, event.report) ? telling(job, wordOf(event.from, event.report)) : unchangedJob(job);
    case 'checkpoint-written':
      return event.attempt === job.checkpoints.machine?.identity.attempt
        ? telling(job, event.answer)
        : unchangedJob(job);
    case 'savepoint':
      return onSavepointWanted(job, event);
    case 'savepoint-copied':
      return telling(job, event);
    case 'redeploy':
      return planRedeployment(job, event, context);
    default:
      return unreachable(event);
  }
}

/** What the job has said that it would keep (`wouldKeep`), or what cannot go on and is known now. */
function onReportedAttempt(
  job: Job,
  event: Extract<JobEvent, { kind: 'attempt-reported' }>,
  context: JobContext,
): JobStep {
  switch (job.kind) {
    case 'recovering':
      return onAttemptReported(job, event, context);
    case 'running':
      return onTaskManagerBack(job, event);
    default:
      return unchangedJob(job);
  }
}

function telling(job: Job, tell: CheckpointTell): JobStep {
  return { ...unchangedJob(job), tell: [tell] };
}

function wordOf(from: TaskManagerId, report: CheckpointReport): CheckpointEvent {
  switch (report.kind) {
    case 'acknowledge-checkpoint':
      return { kind: 'acknowledged', ack: { ...report.ack, taskManager: from } };
    case 'decline-checkpoint': {
      const { checkpoint, subtask, cause, detail } = report;
      return { kind: 'declined', checkpoint, subtask, cause, detail };
    }
    case 'checkpoint-progress':
      return { kind: 'progress', checkpoint: report.checkpoint, stages: report.stages };
    case 'checkpoint-wanted':
      return { kind: 'checkpoint-wanted' };
    default:
      return unreachable(report);
  }
}

/** Whoever asks gets an answer: where there are no checkpoints there is nobody to give it. */
function onSavepointWanted(job: Job, event: Extract<JobEvent, { kind: 'savepoint' }>): JobStep {
  const { request, directory, mode } = event;
  const { machine } = job.checkpoints;
  if (machine !== undefined && machine.phase !== 'dead') {
    return telling(job, { kind: 'savepoint-wanted', request, directory, mode });
  }
  const failure = {
    code: 'savepoint-failed',
    reaction: 'retry',
    message: `The job is ${job.kind}: no savepoint can be taken now.`,
  } as const;
  return { ...unchangedJob(job), send: [{ kind: 'answer-savepoint', request, answer: { kind: 'failed', failure } }] };
}

function onCancel(job: Job, context: JobContext): JobStep {
  switch (job.kind) {
    case 'created':
    case 'waiting-for-slots':
      return endAsCancelled(job, context);
    case 'deploying':
    case 'running':
    case 'recovering':
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
  return andThen(onStateTick(job, context), (next) => tickCheckpoints(next, context));
}

function onStateTick(job: Job, context: JobContext): JobStep {
  if (job.kind === 'deploying') {
    return onDeployingTick(job, context);
  }
  if (job.kind === 'running') {
    return discoverDue(job, context);
  }
  if (job.kind === 'recovering') {
    return onRecoveringTick(job, context);
  }
  if (isEnding(job)) {
    const { job: next, send } = retryAbandoning(job, context);
    return { ...unchangedJob(next), send, overdue: chooseOverdue(next, context) };
  }
  return unchangedJob(job);
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
    case 'recovering':
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
  return report.state === 'cancelled' && !isEnding(job)
    ? unexpected('was cancelled by its own task manager')
    : undefined;
}

function onFailure(job: DeployedJob, located: LocatedFailure, context: JobContext): JobStep {
  switch (job.kind) {
    case 'deploying':
    case 'running':
    case 'recovering':
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
  const isActive = job.kind === 'running' || job.kind === 'deploying' || job.kind === 'recovering';
  if (!isActive || !isCurrent(job, event) || placeOf(job.run, job.spec, event)?.taskManager !== event.from) {
    return unchangedJob(job);
  }
  return job.kind === 'running' ? onReaderRequest(job, event) : onEarlyRequest(job, event);
}

function onEnded(job: Job, from: TaskManagerId, context: JobContext): JobStep {
  if (!isDeployed(job) || !job.run.live.has(from)) {
    return unchangedJob(job);
  }
  const isEarly = !isEnding(job) && !areFinishedOn(job.run, job.spec, from);
  const next = { ...job, run: withoutTaskManager(job.run, from) };
  return isEarly
    ? onFailure(next, { where: from, failure: unexpected('ended before it had finished') }, context)
    : unchangedJob(next);
}

/** Also one that has not been told of the attempt yet: it would have to run a part of it. */
function onLost(job: Job, lost: TaskManagerId, failure: Failure, context: JobContext): JobStep {
  if (!isDeployed(job) || !isPartOf(job, lost)) {
    return unchangedJob(job);
  }
  const next = { ...job, run: withoutTaskManager(job.run, lost) };
  return isEnding(next) ? unchangedJob(next) : failAttempt(next, { where: lost, failure }, context);
}

/** True when the loss of the task manager concerns the job: something of it may run there, or is about to. */
export function isPartOf(job: DeployedJob, id: TaskManagerId): boolean {
  return job.kind === 'deploying' && !job.isDeployed
    ? job.run.places.some(({ taskManager }) => taskManager === id)
    : job.run.live.has(id);
}

function unexpected(what: string): Failure {
  return {
    code: 'task-ended-unexpectedly',
    reaction: 'restart-job',
    message: `A part of the attempt ${what}.`,
    remedy: "See the task manager's log.",
  };
}
