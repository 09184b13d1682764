import { credentials, status } from '@grpc/grpc-js';
import type { requestCallback, ServiceError } from '@grpc/grpc-js';
import type { CheckpointDetailDecoded } from '../../proto/generated/nerve/v1/CheckpointDetail.ts';
import type { ClusterDetailDecoded } from '../../proto/generated/nerve/v1/ClusterDetail.ts';
import type { CollectGarbageResponseDecoded } from '../../proto/generated/nerve/v1/CollectGarbageResponse.ts';
import type { JobDetailDecoded } from '../../proto/generated/nerve/v1/JobDetail.ts';
import type { JobSummaryDecoded } from '../../proto/generated/nerve/v1/JobSummary.ts';
import type { SavepointResponseDecoded } from '../../proto/generated/nerve/v1/SavepointResponse.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { required } from '../../shared/invariant.ts';
import { channelOptions } from '../../shared/rpc/grpc-options.ts';
import { protos } from '../../shared/rpc/grpc-proto.ts';
import { failureFromWire } from '../../shared/wire/failure-wire.ts';
import { samplesFromWire } from '../../shared/wire/metrics-wire.ts';
import type { AdminClient, ClusterDetail, JobDetail, JobSummary, Submitted } from './admin-client.ts';
import {
  checkpointFromWire,
  checkpointSummaryFromWire,
  garbageFromWire,
  savepointFromWire,
} from './snapshot-answers-wire.ts';

/** Long enough for a submit that loads and checks a job module, short enough for a person. */
const DEADLINE_MS = 30_000;
/** For what copies or deletes all of a job's state. */
const LONG_DEADLINE_MS = 3_600_000;

/** A client of the coordinator at the first of the addresses that answers (any coordinator will do). */
export function grpcAdminClient(addresses: readonly string[]): AdminClient {
  const target = addresses.length === 1 ? `dns:${addresses[0] ?? ''}` : `ipv4:${addresses.join(',')}`;
  const client = new protos.nerve.v1.Admin(target, credentials.createInsecure(), channelOptions);
  const call: Call = async <R>(
    invoke: (options: { deadline: number }, done: requestCallback<R>) => void,
    deadlineMs = DEADLINE_MS,
  ): Promise<R> => {
    const deadline = Date.now() + deadlineMs;
    await ready(client, addresses);
    return await new Promise<R>((resolve, reject) => {
      invoke({ deadline }, (error, value) => {
        if (error !== null) {
          reject(toStreamError(error, addresses, deadlineMs));
        } else {
          resolve(required(value, 'answer of the coordinator'));
        }
      });
    });
  };
  return {
    submit: async ({ module, args, parallelism, maxParallelism, jobId, fromSavepoint, allowNonRestoredState }) => {
      const request = {
        ...(Buffer.isBuffer(module) ? { module } : { modulePath: module.path }),
        arguments: { ...args },
        defaultParallelism: parallelism ?? 0,
        maxParallelism: maxParallelism ?? 0,
        jobId: jobId ?? '',
        fromSavepoint: fromSavepoint ?? '',
        allowNonRestoredState: allowNonRestoredState === true,
      };
      // Beginning from a savepoint copies it first.
      const deadlineMs = fromSavepoint === undefined ? DEADLINE_MS : LONG_DEADLINE_MS;
      return await call<Submitted>((options, done) => client.submitJob(request, options, done), deadlineMs);
    },
    list: async () => {
      const answer = await call<{ jobs: JobSummaryDecoded[] }>((options, done) => client.listJobs({}, options, done));
      return answer.jobs.map(summaryFromWire);
    },
    job: async (jobId, want = {}) => {
      const request = { jobId, withPlan: want.plan === true, withMetrics: want.metrics === true };
      return detailFromWire(await call<JobDetailDecoded>((options, done) => client.getJob(request, options, done)));
    },
    cancel: async (jobId) =>
      detailFromWire(await call<JobDetailDecoded>((options, done) => client.cancelJob({ jobId }, options, done))),
    cluster: async () =>
      clusterFromWire(await call<ClusterDetailDecoded>((options, done) => client.getCluster({}, options, done))),
    ...snapshotCalls(client, call),
    close: () => client.close(),
  };
}

type Client = InstanceType<typeof protos.nerve.v1.Admin>;
type Call = <R>(
  invoke: (options: { deadline: number }, done: requestCallback<R>) => void,
  deadlineMs?: number,
) => Promise<R>;

function snapshotCalls(
  client: Client,
  call: Call,
): Pick<AdminClient, 'savepoint' | 'stop' | 'checkpoint' | 'collectGarbage'> {
  return {
    savepoint: async (jobId, directory) =>
      savepointFromWire(
        await call<SavepointResponseDecoded>(
          (options, done) => client.triggerSavepoint({ jobId, directory: directory ?? '' }, options, done),
          LONG_DEADLINE_MS,
        ),
      ),
    stop: async (jobId, { directory, drain }) =>
      savepointFromWire(
        await call<SavepointResponseDecoded>(
          (options, done) => client.stopJob({ jobId, directory: directory ?? '', drain }, options, done),
          LONG_DEADLINE_MS,
        ),
      ),
    checkpoint: async (jobId) =>
      checkpointFromWire(
        await call<CheckpointDetailDecoded>((options, done) => client.getCheckpoint({ jobId }, options, done)),
      ),
    collectGarbage: async ({ jobId, dryRun }) =>
      garbageFromWire(
        await call<CollectGarbageResponseDecoded>(
          (options, done) => client.collectGarbage({ jobId: jobId ?? '', dryRun }, options, done),
          LONG_DEADLINE_MS,
        ),
      ),
  };
}

/** How long an unreachable coordinator is waited for before a person is told. */
const CONNECT_MS = 5_000;

async function ready(client: Client, addresses: readonly string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + CONNECT_MS, (error) => {
      if (error === undefined) {
        resolve();
      } else {
        reject(new StreamError(unreachable(addresses)));
      }
    });
  });
}

function unreachable(addresses: readonly string[]): Failure {
  return {
    code: 'coordinator-unreachable',
    reaction: 'retry',
    message: `no coordinator answers at ${addresses.join(', ')}.`,
    remedy: 'Start one with "nerve coordinator", or say where it is: -D coordinator.rpc.addresses=HOST:PORT.',
  };
}

function toStreamError(error: ServiceError, addresses: readonly string[], deadlineMs: number): StreamError {
  const message = error.details;
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return new StreamError(
        {
          code: 'request-failed',
          reaction: 'retry',
          message: `the coordinator did not answer within ${deadlineMs / 1_000} s.`,
          remedy: 'What was asked may still come to pass: "nerve list" shows it.',
        },
        { cause: error },
      );
    case status.UNAVAILABLE:
      return new StreamError(unreachable(addresses), { cause: error });
    case status.INVALID_ARGUMENT:
      return new StreamError({ code: 'invalid-request', reaction: 'fail-job', message }, { cause: error });
    case status.NOT_FOUND:
      return new StreamError({ code: 'no-such-job', reaction: 'fail-job', message }, { cause: error });
    case status.FAILED_PRECONDITION:
      return new StreamError({ code: 'request-refused', reaction: 'fail-job', message }, { cause: error });
    case status.ABORTED:
      return new StreamError({ code: 'request-failed', reaction: 'retry', message }, { cause: error });
    default:
      return new StreamError({ code: 'request-failed', reaction: 'fail-job', message }, { cause: error });
  }
}

function summaryFromWire(wire: JobSummaryDecoded): JobSummary {
  const summary = {
    jobId: wire.jobId,
    name: wire.name,
    state: wire.state,
    attempt: wire.attempt,
    restarts: wire.restarts,
    submittedAtMs: Number(wire.submittedAtMs),
    changedAtMs: Number(wire.changedAtMs),
  };
  return wire.failure === null ? summary : { ...summary, failure: failureFromWire(wire.failure) };
}

function detailFromWire(wire: JobDetailDecoded): JobDetail {
  return {
    summary: summaryFromWire(required(wire.summary ?? undefined, 'summary of the job')),
    subtasks: wire.subtasks.map(({ vertexId, subtask, state, taskManagerId, slotIndex }) => ({
      vertex: vertexId,
      subtask,
      state,
      taskManager: taskManagerId,
      slotIndex,
    })),
    metrics: samplesFromWire(wire.metrics),
    failures: wire.failures.map(({ atMs, attempt, where, failure }) => ({
      atMs: Number(atMs),
      attempt,
      where,
      failure: failureFromWire(required(failure ?? undefined, 'failure of the record')),
    })),
    planJson: wire.planJson,
    checkpoints: checkpointSummaryFromWire(wire.checkpoints),
  };
}

function clusterFromWire(wire: ClusterDetailDecoded): ClusterDetail {
  return {
    leader: wire.leader,
    leaderEpoch: BigInt(wire.leaderEpoch),
    version: wire.version,
    taskManagers: wire.taskManagers.map((tm) => ({
      id: tm.id,
      incarnation: tm.incarnation,
      dataAddress: tm.dataAddress,
      slots: tm.slots,
      freeSlots: tm.freeSlots,
      lastHeartbeatMsAgo: Number(tm.lastHeartbeatMsAgo),
    })),
  };
}
