import type { Deployment, SlotPlace, SubtaskKey } from '../../../shared/control/messages.ts';
import { nextAttempt, parseAttemptNumber } from '../../../shared/ids.ts';
import type { AttemptNumber } from '../../../shared/ids.ts';
import { transactionPoolSize } from '../../checkpoints/checkpoint-settings.ts';
import type { RecordedAttempt } from '../attempt-record.ts';
import { areAllReady, beginRun, nameFirstNotIn } from '../attempt-run.ts';
import type { AttemptRun } from '../attempt-run.ts';
import { failAttempt } from '../fail-attempt.ts';
import type { JobContext, JobSend, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { DeployingJob, RecoveringJob, WaitingJob } from '../job.ts';
import { restoreHandleOf } from '../job-checkpoints.ts';
import { artifactName } from '../job-spec.ts';
import { startRunning } from './running.ts';
import { transactionScope } from '../transaction-scope.ts';

/**
 * The attempt is recorded, then the commits of the one before are known to be done, then every task manager of it is told to
 * build its subtasks. Two phases: records flow only when all subtasks are ready, so that none sends to one that does not exist
 * yet. Exits: running, restarting, failing, cancelling.
 */
export function recordAttempt(job: WaitingJob, places: readonly SlotPlace[], context: JobContext): JobStep {
  const number = job.lastAttempt === 0 ? parseAttemptNumber(1) : nextAttempt(job.lastAttempt);
  const current = recordedAttempt(job, { number, places }, context);
  const next: DeployingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'deploying',
    lastAttempt: number,
    previousPlaces: places,
    attempts: { ...job.attempts, current },
    run: { ...beginRun(job.spec, number, places), live: new Set() },
    isDeployed: false,
    readyBy: context.now + context.settings.deployTimeoutMs,
    requests: [],
  };
  return {
    ...unchangedJob(next),
    // The number is durable before any task hears of it: what an older attempt says is then recognisably stale.
    persist: [
      { kind: 'put-job', record: recordOf(next) },
      { kind: 'put-attempts', jobId: job.spec.jobId, attempts: next.attempts },
    ],
  };
}

/** The record is durable: the attempt's checkpoints begin, which say when it may be deployed. */
export function onRecorded(job: DeployingJob, { revision }: { readonly revision: bigint }): JobStep {
  return { ...unchangedJob(job), tell: [{ kind: 'open', attempt: job.run.number, revision }] };
}

/** Nothing of earlier attempts is left to be done. */
export function deployAttempt(job: DeployingJob, context: JobContext): JobStep {
  const { run } = job;
  const live = new Set(run.places.map(({ taskManager }) => taskManager));
  const readyBy = context.now + context.settings.deployTimeoutMs;
  const next: DeployingJob = { ...job, isDeployed: true, run: { ...run, live }, readyBy };
  const deployment = deploymentOf(next, context);
  return {
    ...unchangedJob(next),
    send: [...live].map((to): JobSend => ({ kind: 'command', to, message: { kind: 'deploy', deployment } })),
  };
}

/** A subtask has reported; `run` holds the report. */
export function onDeployingReport(job: DeployingJob, run: AttemptRun, context: JobContext): JobStep {
  const next = { ...job, run };
  return areAllReady(run) ? startRunning(next, context) : unchangedJob(next);
}

/** Each subtask may ask a few times before it runs; more than that is a fault of the reader, and is not remembered. */
const REQUESTS_PER_SUBTASK = 4;

export function onEarlyRequest(job: DeployingJob | RecoveringJob, { vertex, subtask }: SubtaskKey): JobStep {
  const isTooMany = job.requests.length >= REQUESTS_PER_SUBTASK * job.run.subtasks;
  return unchangedJob(isTooMany ? job : { ...job, requests: [...job.requests, { vertex, subtask }] });
}

export function onDeployingTick(job: DeployingJob, context: JobContext): JobStep {
  if (context.now < job.readyBy || !job.isDeployed) {
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

function recordedAttempt(
  job: WaitingJob,
  { number, places }: { readonly number: AttemptNumber; readonly places: readonly SlotPlace[] },
  { settings }: JobContext,
): RecordedAttempt {
  const { fingerprint, lineage, sinks } = job.spec;
  return {
    number,
    places,
    lineage,
    fingerprint,
    artifact: artifactName(job.spec),
    sinks,
    transactionPool: transactionPoolSize(settings.checkpoints),
    restoredFrom: restoreHandleOf(job.checkpoints),
  };
}

function deploymentOf(job: DeployingJob, { settings }: JobContext): Deployment {
  const { jobId, module, args, defaultParallelism, maxParallelism, parallelismOverrides = {} } = job.spec;
  const { fingerprint, lineage } = job.spec;
  return {
    jobId,
    attempt: job.run.number,
    module,
    args,
    defaultParallelism,
    maxParallelism,
    parallelismOverrides,
    fingerprint,
    slots: job.run.places,
    checkpointing: {
      lineage,
      directory: settings.checkpointDirectory,
      restore: restoreHandleOf(job.checkpoints),
      clusterId: transactionScope(settings.clusterId, job.spec),
      transactionPool: transactionPoolSize(settings.checkpoints),
    },
    quarantined: job.quarantine.quarantined,
  };
}
