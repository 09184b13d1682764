import { unreachable } from '../../shared/invariant.ts';
import type { FromCoordinator, AttemptKey } from '../../shared/control/messages.ts';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointStep } from '../checkpoints/checkpoint-draft.ts';
import type { CheckpointSend } from '../checkpoints/checkpoint-events.ts';
import { checkpointStep } from '../checkpoints/checkpoint-step.ts';
import type { CheckpointContext, CheckpointIdentity } from '../checkpoints/checkpoints.ts';
import { withFinished } from '../checkpoints/build-metadata.ts';
import { openCheckpoints } from '../checkpoints/open-checkpoints.ts';
import { areAllCommitted, beginCommits, onCommitAnswer, onCommitTick } from '../commits/commit-step.ts';
import type { CommitStep } from '../commits/commit-step.ts';
import type { CommitEvent } from '../commits/commit-events.ts';
import { recordFailure } from '../recovery/failure-history.ts';
import { storedCheckpoints } from './job-checkpoints.ts';
import type { JobCheckpoints } from './job-checkpoints.ts';
import { andThen, unchangedJob } from './job-events.ts';
import type { CheckpointTell, JobContext, JobSend, JobStep } from './job-events.ts';
import type { Job } from './job.ts';
import { artifactName } from './job-spec.ts';
import { measureCheckpoint } from './measure-checkpoint.ts';

/** What a checkpoint's step says that concerns the life of the job. The rest is done here. */
export type LifeSign = Extract<
  CheckpointSend,
  { readonly kind: 'ready' | 'settled' | 'stopped' | 'restart-attempt' | 'fail-job' }
>;

/** Decides what becomes of the job; what it returns may tell the checkpoints more. */
export type OnLifeSign = (job: Job, sign: LifeSign, context: JobContext) => JobStep;

/**
 * Between a job and the step machine of its checkpoints (checkpoint-step.ts). Transitions of the job never call the machine: they
 * say what it is to be told, and that is done behind them, in order, until nothing is left to be told.
 */
export function followCheckpoints(step: JobStep, context: JobContext, onLifeSign: OnLifeSign): JobStep {
  let done: JobStep = { ...step, tell: [] };
  let tell = step.tell;
  for (let next = tell[0]; next !== undefined; next = tell[0]) {
    const told = next;
    const after = andThen(done, (job) => tellMachine(job, told, context, onLifeSign));
    tell = [...tell.slice(1), ...after.tell];
    done = { ...after, tell: [] };
  }
  return done;
}

function tellMachine(job: Job, tell: CheckpointTell, context: JobContext, onLifeSign: OnLifeSign): JobStep {
  const moment = momentOf(job, context);
  if (tell.kind === 'open') {
    const identity = identityOf(job, tell, context);
    const stored = storedCheckpoints(job.checkpoints);
    return take(job, openCheckpoints(identity, context.settings.checkpoints, stored, moment), context, onLifeSign);
  }
  const { machine } = job.checkpoints;
  return machine === undefined
    ? unchangedJob(job)
    : take(job, checkpointStep(machine, tell, moment), context, onLifeSign);
}

function identityOf(
  { spec }: Job,
  { attempt, revision }: Extract<CheckpointTell, { kind: 'open' }>,
  { epoch }: JobContext,
): CheckpointIdentity {
  const { jobId, lineage, fingerprint } = spec;
  return {
    jobId,
    attempt,
    leaderEpoch: epoch,
    attemptRevision: revision,
    lineage,
    fingerprint,
    artifact: artifactName(spec),
  };
}

function momentOf(job: Job, { now, wallMs }: JobContext): CheckpointContext {
  return { now, wallMs, sources: job.sources };
}

function take(job: Job, step: CheckpointStep, context: JobContext, onLifeSign: OnLifeSign): JobStep {
  const before = job.checkpoints.machine?.completed?.metadata;
  const isSame = step.state === job.checkpoints.machine;
  const key = { jobId: step.state.identity.jobId, attempt: step.state.identity.attempt };
  let done: JobStep = {
    ...unchangedJob(isSame ? job : withCheckpoints(job, { machine: step.state })),
    send: step.persist.map((write): JobSend => ({ kind: 'write-checkpoint', write, ...key })),
  };
  for (const send of step.send) {
    done = andThen(done, (next) => takeSend(next, send, { key, before, context, onLifeSign }));
  }
  return done;
}

interface Taking {
  readonly key: AttemptKey;
  /** Of the checkpoint that was the last completed one before this step. */
  readonly before: CheckpointMetadata | undefined;
  readonly context: JobContext;
  readonly onLifeSign: OnLifeSign;
}

function takeSend(job: Job, send: CheckpointSend, taking: Taking): JobStep {
  const { key, context } = taking;
  switch (send.kind) {
    case 'trigger':
    case 'complete':
    case 'abort':
    case 'announce':
      return sending(job, { kind: 'command', to: send.to, message: commandOf(send, key) });
    case 'commit':
      return onCommits(job, beginCommits(key.jobId, send.checkpoint, send.committables), context);
    case 'copy-savepoint':
      return sending(job, { kind: 'copy-savepoint', jobId: key.jobId, pin: send.pin });
    case 'answer-savepoint':
    case 'fenced':
      return sending(job, send);
    case 'completed':
      return onCompleted(job, send, taking);
    case 'failed':
      return onFailed(job, send, context);
    case 'ready':
    case 'settled':
    case 'stopped':
    case 'restart-attempt':
    case 'fail-job':
      return taking.onLifeSign(job, send, context);
    default:
      return unreachable(send);
  }
}

function commandOf(
  send: Extract<CheckpointSend, { kind: 'trigger' | 'complete' | 'abort' | 'announce' }>,
  key: AttemptKey,
): FromCoordinator {
  switch (send.kind) {
    case 'trigger': {
      const { checkpoint, triggeredAtMs, subtasks, final, completed } = send;
      return { kind: 'trigger-checkpoint', ...key, checkpoint, triggeredAtMs, subtasks, final, completed };
    }
    case 'complete':
      return { kind: 'checkpoint-completed', ...key, checkpoint: send.checkpoint };
    case 'abort':
      return { kind: 'checkpoint-aborted', ...key, checkpoint: send.checkpoint };
    case 'announce': {
      const { completed, issued, pending } = send;
      return { kind: 'announce-checkpoints', ...key, completed, issued, pending };
    }
    default:
      return unreachable(send);
  }
}

function onCompleted(
  job: Job,
  { checkpoint, tookMs }: Extract<CheckpointSend, { kind: 'completed' }>,
  { key, before, context }: Taking,
): JobStep {
  const { stats, machine } = job.checkpoints;
  const metadata = machine?.completed?.metadata;
  const last = { checkpoint, atMs: context.wallMs, tookMs, ...measureCheckpoint(metadata, before) };
  const next = withCheckpoints(withFinishedSplits(job, metadata), {
    stats: { ...stats, completed: stats.completed + 1, last },
  });
  return sending(next, { kind: 'note-completed', jobId: key.jobId, stats: last });
}

/** source-progress.ts I3. */
function withFinishedSplits(job: Job, metadata: CheckpointMetadata | undefined): Job {
  return metadata === undefined ? job : { ...job, sources: finishedIn(job, metadata) };
}

function finishedIn(job: Job, { operators }: CheckpointMetadata): Job['sources'] {
  let sources = job.sources;
  for (const [vertex, progress] of job.sources) {
    const operator = operators.find(({ uid }) => String(uid) === String(vertex));
    const finished = withFinished(progress.finished, operator?.subtasks ?? []);
    if (finished !== progress.finished) {
      sources = new Map(sources).set(vertex, { ...progress, finished });
    }
  }
  return sources;
}

function onFailed(
  job: Job,
  { checkpoint, reason, sentence }: Extract<CheckpointSend, { kind: 'failed' }>,
  context: JobContext,
): JobStep {
  const { stats } = job.checkpoints;
  const lastFailure = { checkpoint, atMs: context.wallMs, reason, sentence };
  const next = withCheckpoints(job, { stats: { ...stats, failed: stats.failed + 1, lastFailure } });
  return sending(next, { kind: 'note-failed', jobId: job.spec.jobId, stats: lastFailure });
}

export function onCommitEvent(job: Job, event: CommitEvent, context: JobContext): JobStep {
  const { commits } = job.checkpoints;
  return commits === undefined
    ? unchangedJob(job)
    : onCommits(job, onCommitAnswer(commits, event, context.now), context, `commit of ${event.sink}`);
}

/** Time passes for the checkpoints of a job, whatever its state. */
export function tickCheckpoints(job: Job, context: JobContext): JobStep {
  const { commits, machine } = job.checkpoints;
  const step = commits === undefined ? unchangedJob(job) : onCommits(job, onCommitTick(commits, context.now), context);
  return machine === undefined ? step : { ...step, tell: [...step.tell, { kind: 'tick' }] };
}

function onCommits(job: Job, step: CommitStep, context: JobContext, where = 'commit'): JobStep {
  const { checkpoint } = step.commits;
  if (step.kind === 'broken') {
    const { failure } = step;
    return {
      ...unchangedJob(withCheckpoints(withCommitFailure(job, step, where, context), { commits: undefined })),
      tell: [{ kind: 'commit-broken', checkpoint, failure }],
    };
  }
  if (areAllCommitted(step.commits)) {
    return {
      ...unchangedJob(withCheckpoints(job, { commits: undefined })),
      tell: [{ kind: 'committed', checkpoint }],
    };
  }
  const next = step.commits === job.checkpoints.commits ? job : withCheckpoints(job, { commits: step.commits });
  return { ...unchangedJob(withCommitFailure(next, step, where, context)), send: step.send };
}

/** The first failure of a series is kept, whatever else is tried: it is what the job waits for. */
function withCommitFailure(job: Job, { failure }: CommitStep, where: string, context: JobContext): Job {
  if (failure === undefined || job.lastAttempt === 0) {
    return job;
  }
  const last = job.failures.at(-1);
  return last?.where === where && last.failure.code === failure.code
    ? job
    : {
        ...job,
        failures: recordFailure(job.failures, { atMs: context.wallMs, attempt: job.lastAttempt, where, failure }),
      };
}

function sending(job: Job, send: JobSend): JobStep {
  return { ...unchangedJob(job), send: [send] };
}

function withCheckpoints<J extends Job>(job: J, change: Partial<JobCheckpoints>): J {
  return { ...job, checkpoints: { ...job.checkpoints, ...change } };
}
