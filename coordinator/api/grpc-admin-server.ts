import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { AdminHandlers } from '../../proto/generated/nerve/v1/Admin.ts';
import type { JobDetail } from '../../proto/generated/nerve/v1/JobDetail.ts';
import type { SavepointResponse } from '../../proto/generated/nerve/v1/SavepointResponse.ts';
import type { SubmitJobRequestDecoded } from '../../proto/generated/nerve/v1/SubmitJobRequest.ts';
import { classifyUnknown, formatSentences, StreamError } from '../../shared/failure/failure.ts';
import { isName, parseJobId } from '../../shared/ids.ts';
import type { JobId } from '../../shared/ids.ts';
import { MAX_PARALLELISM_LIMIT } from '../../shared/keygroups/key-groups.ts';
import { FAILURE_METADATA, failureToMetadata } from '../../shared/wire/failure-wire.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import type { ParallelismBounds } from '../scheduling/choose-parallelism.ts';
import { submitFrom } from './begin-from-savepoint.ts';
import { collectedToWire, collectJobGarbage } from './collect-job-garbage.ts';
import { statusOf } from './grpc-status-of-failure.ts';
import { describeCheckpoint } from './describe-checkpoint.ts';
import { describeCluster, describeJob, describeJobs } from './describe-cluster.ts';
import { rescaleJob } from './rescale-job.ts';
import type { SnapshotDeps } from './snapshot-deps.ts';
import { takeSavepoint } from './take-savepoint.ts';
import type { SavepointTaken } from './take-savepoint.ts';
import type { SubmitDeps, SubmitRequest } from './submit-job.ts';

export interface AdminServerDeps extends SubmitDeps {
  readonly version: string;
  /** host:port under which this coordinator listens. */
  readonly leader: () => string;
  readonly defaultParallelism: number;
  readonly maxParallelism: number;
  /** Of jobs whose submission says nothing. */
  readonly schedulerMode: SchedulerMode;
  readonly artifactBytesMax: number;
  readonly snapshots: SnapshotDeps;
}

/** proto/admin.proto as handlers. Reads answer from the published state; a submit and a cancel are events of the loop. */
export function adminHandlers(deps: AdminServerDeps): AdminHandlers {
  return {
    SubmitJob: (call, done) => {
      answer(call, done, async (signal) => {
        const { fromSavepoint: directory, allowNonRestoredState: allowNonRestored } = call.request;
        const source = directory === '' ? undefined : { directory, allowNonRestored };
        const { jobId, leftBehind } = await submitFrom(parseSubmit(call.request, deps), source, deps, signal);
        return { jobId, leftBehind: [...leftBehind] };
      });
    },
    ListJobs: (call, done) => {
      answer(call, done, async () => await Promise.resolve({ jobs: describeJobs(deps.loop.state) }));
    },
    GetJob: (call, done) => {
      answer(call, done, async () => {
        const { jobId, withPlan, withMetrics } = call.request;
        const job = findJob(deps, parseId(jobId));
        return await Promise.resolve(describe(deps, job, withPlan, withMetrics));
      });
    },
    CancelJob: (call, done) => {
      answer(call, done, async (signal) => await cancelJob(deps, parseId(call.request.jobId), signal));
    },
    GetCluster: (call, done) => {
      const { loop, leader, version, clock } = deps;
      const view = { leader: leader(), epoch: loop.epoch, version, now: clock.monotonicMs() };
      answer(call, done, async () => await Promise.resolve(describeCluster(loop.state, view)));
    },
    ...snapshotHandlers(deps),
  };
}

function snapshotHandlers(
  deps: AdminServerDeps,
): Pick<AdminHandlers, 'TriggerSavepoint' | 'StopJob' | 'RescaleJob' | 'GetCheckpoint' | 'CollectGarbage'> {
  return {
    TriggerSavepoint: (call, done) => {
      answer(call, done, async (signal) => {
        const jobId = parseId(call.request.jobId);
        findJob(deps, jobId);
        const order = { jobId, below: call.request.directory, mode: 'go-on' } as const;
        return savepointToWire(await takeSavepoint(order, deps, signal));
      });
    },
    StopJob: (call, done) => {
      answer(call, done, async (signal) => {
        const jobId = parseId(call.request.jobId);
        findJob(deps, jobId);
        const mode = call.request.drain ? 'drain' : 'stop';
        return savepointToWire(await takeSavepoint({ jobId, below: call.request.directory, mode }, deps, signal));
      });
    },
    RescaleJob: (call, done) => {
      answer(call, done, async (signal) => {
        const { jobId, defaultParallelism, operatorParallelism: overrides } = call.request;
        const parallelism = defaultParallelism === 0 ? undefined : defaultParallelism;
        const job = findJob(deps, parseId(jobId));
        const { attempt, checkpoint } = await rescaleJob(job, { parallelism, overrides }, deps, signal);
        return { attempt, checkpointId: checkpoint.toString() };
      });
    },
    GetCheckpoint: (call, done) => {
      answer(
        call,
        done,
        async (signal) => await describeCheckpoint(findJob(deps, parseId(call.request.jobId)), deps.snapshots, signal),
      );
    },
    CollectGarbage: (call, done) => {
      answer(call, done, async (signal) => {
        const { jobId: text, dryRun, includeUnknownJobs } = call.request;
        const jobId = text === '' ? undefined : parseId(text);
        if (jobId !== undefined && !includeUnknownJobs) {
          findJob(deps, jobId);
        }
        const request = { scope: 'everything', jobId, includeUnknown: includeUnknownJobs, dryRun } as const;
        return collectedToWire(await collectJobGarbage(request, deps, signal));
      });
    },
  };
}

function savepointToWire({ directory, checkpoint }: SavepointTaken): SavepointResponse {
  return { directory, checkpointId: checkpoint.toString() };
}

async function cancelJob(deps: AdminServerDeps, jobId: JobId, signal: AbortSignal): Promise<JobDetail> {
  findJob(deps, jobId);
  await deps.loop.post({ kind: 'cancel', jobId }, signal);
  const isOver = (job: Job | undefined): boolean => job === undefined || hasEnded(job);
  const state = await deps.loop.until((seen) => isOver(seen.jobs.get(jobId)), signal);
  const job = state?.jobs.get(jobId) ?? findJob(deps, jobId);
  return describe(deps, job, false, false);
}

function describe(deps: AdminServerDeps, job: Job, withPlan: boolean, withMetrics: boolean): JobDetail {
  return describeJob(job, withPlan, withMetrics ? deps.loop.metrics.totals(job.spec.jobId) : undefined);
}

function findJob(deps: AdminServerDeps, jobId: JobId): Job {
  const job = deps.loop.state.jobs.get(jobId);
  if (job === undefined) {
    throw new StreamError({
      code: 'no-such-job',
      reaction: 'fail-job',
      message: `there is no job "${jobId}".`,
      remedy: '"nerve list" shows all.',
    });
  }
  return job;
}

function parseSubmit(request: SubmitJobRequestDecoded, deps: AdminServerDeps): SubmitRequest {
  const { module, modulePath, jobId, defaultParallelism, maxParallelism, schedulerMode, leastParallelism } = request;
  const problems: string[] = [];
  if ((module.length === 0) === (modulePath === '')) {
    problems.push('a submission carries either a module or the path of one');
  }
  if (module.length > deps.artifactBytesMax) {
    problems.push(
      `the module is ${module.length} bytes, more than coordinator.artifact-bytes-max (${deps.artifactBytesMax})`,
    );
  }
  if (jobId !== '' && !isName(jobId)) {
    problems.push(`a job id is 1 to 128 of [A-Za-z0-9._-] and begins with a letter or digit, got "${jobId}"`);
  }
  if (!isSchedulerMode(schedulerMode)) {
    problems.push(`a scheduler mode is default or reactive, got "${schedulerMode}"`);
  }
  for (const value of [defaultParallelism, maxParallelism, leastParallelism]) {
    if (value > MAX_PARALLELISM_LIMIT) {
      problems.push(`parallelism is 1 to ${MAX_PARALLELISM_LIMIT}, got ${value}`);
    }
  }
  const bounds = boundsOf(request, deps);
  if (bounds !== undefined && bounds.least > bounds.most) {
    problems.push(`the least parallelism of a reactive job, ${bounds.least}, is more than its most, ${bounds.most}`);
  }
  if (bounds === undefined && leastParallelism !== 0) {
    problems.push('only a reactive job has a least parallelism');
  }
  if (problems.length > 0) {
    throw new StreamError({ code: 'job-invalid', reaction: 'fail-job', message: problems.join('\n') });
  }
  return {
    jobId: parseJobId(jobId === '' ? randomUUID() : jobId),
    module: modulePath === '' ? { kind: 'bytes', bytes: Buffer.from(module) } : { kind: 'path', path: modulePath },
    args: request.arguments,
    parallelism: bounds?.least ?? (defaultParallelism === 0 ? deps.defaultParallelism : defaultParallelism),
    maxParallelism: maxParallelism === 0 ? deps.maxParallelism : maxParallelism,
    ...(bounds === undefined ? {} : { reactive: bounds }),
  };
}

type SchedulerMode = 'default' | 'reactive';

function isSchedulerMode(text: string): boolean {
  return text === '' || text === 'default' || text === 'reactive';
}

/** Of a reactive job, which needs nothing said: from 1 to its max parallelism. */
function boundsOf(
  { schedulerMode, defaultParallelism, maxParallelism, leastParallelism }: SubmitJobRequestDecoded,
  deps: AdminServerDeps,
): ParallelismBounds | undefined {
  if ((schedulerMode === '' ? deps.schedulerMode : schedulerMode) !== 'reactive') {
    return undefined;
  }
  const greatest = maxParallelism === 0 ? deps.maxParallelism : maxParallelism;
  return {
    least: leastParallelism === 0 ? 1 : leastParallelism,
    most: defaultParallelism === 0 ? greatest : defaultParallelism,
  };
}

function parseId(text: string): JobId {
  if (!isName(text)) {
    throw new StreamError({
      code: 'no-such-job',
      reaction: 'fail-job',
      message: `"${text}" cannot be the id of a job.`,
    });
  }
  return parseJobId(text);
}

/** Runs a handler with a signal that aborts when the caller gives up, and turns what it throws into a status. */
function answer<Q, A>(
  call: ServerUnaryCall<Q, A>,
  done: sendUnaryData<A>,
  handle: (signal: AbortSignal) => Promise<A>,
): void {
  const gone = new AbortController();
  call.on('cancelled', () => {
    gone.abort();
  });
  handle(gone.signal).then(
    (value) => {
      done(null, value);
    },
    (error: unknown) => {
      const failure = classifyUnknown(error, 'the admin API');
      const metadata = new Metadata();
      metadata.set(FAILURE_METADATA, failureToMetadata(failure));
      // The code is no part of the sentences: clients show it in a form of their own.
      done({ code: statusOf(failure.code), details: formatSentences(failure), metadata });
    },
  );
}
