import type { Deployment, SlotPlace, SubtaskKey } from '../../../shared/control/messages.ts';
import { nextAttempt, parseAttemptNumber } from '../../../shared/ids.ts';
import type { AttemptNumber } from '../../../shared/ids.ts';
import { areAllReady, beginRun, nameFirstNotIn } from '../attempt-run.ts';
import type { AttemptRun } from '../attempt-run.ts';
import { failAttempt } from '../fail-attempt.ts';
import type { JobContext, JobSend, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { DeployingJob, WaitingJob } from '../job.ts';
import type { JobSpec } from '../job-spec.ts';
import { startRunning } from './running.ts';

/**
 * Every task manager of the attempt was told to build its subtasks. Two phases: records flow only when all subtasks are
 * ready, so that none sends to one that does not exist yet. Exits: running, restarting, failing, cancelling.
 */
export function deployAttempt(job: WaitingJob, places: readonly SlotPlace[], context: JobContext): JobStep {
  const number = job.lastAttempt === 0 ? parseAttemptNumber(1) : nextAttempt(job.lastAttempt);
  const run = beginRun(job.spec, number, places);
  const next: DeployingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'deploying',
    lastAttempt: number,
    previousPlaces: places,
    run,
    readyBy: context.now + context.settings.deployTimeoutMs,
    requests: [],
  };
  const deployment = deploymentOf(job.spec, number, places);
  return {
    ...unchangedJob(next),
    // The number is durable before any task hears of it: what an older attempt says is then recognisably stale.
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    send: [...run.live].map((to): JobSend => ({ kind: 'command', to, message: { kind: 'deploy', deployment } })),
  };
}

/** A subtask has reported; `run` holds the report. */
export function onDeployingReport(job: DeployingJob, run: AttemptRun, context: JobContext): JobStep {
  const next = { ...job, run };
  return areAllReady(run) ? startRunning(next, context) : unchangedJob(next);
}

/** Each subtask may ask a few times before it runs; more than that is a fault of the reader, and is not remembered. */
const REQUESTS_PER_SUBTASK = 4;

export function onEarlyRequest(job: DeployingJob, { vertex, subtask }: SubtaskKey): JobStep {
  const isTooMany = job.requests.length >= REQUESTS_PER_SUBTASK * job.run.subtasks;
  return unchangedJob(isTooMany ? job : { ...job, requests: [...job.requests, { vertex, subtask }] });
}

export function onDeployingTick(job: DeployingJob, context: JobContext): JobStep {
  if (context.now < job.readyBy) {
    return unchangedJob(job);
  }
  const where = nameFirstNotIn(job.run, job.spec, 'ready');
  const failure = {
    code: 'deployment-timeout',
    reaction: 'restart-job',
    message: `The subtask ${where} was not ready ${context.settings.deployTimeoutMs} ms after its deployment.`,
    remedy: "See its task manager's log: what it connects to while it opens may be out of reach.",
  } as const;
  return failAttempt(job, { where, failure }, context);
}

function deploymentOf(spec: JobSpec, attempt: AttemptNumber, slots: readonly SlotPlace[]): Deployment {
  const { jobId, module, args, defaultParallelism, maxParallelism, fingerprint } = spec;
  return { jobId, attempt, module, args, defaultParallelism, maxParallelism, fingerprint, slots };
}
