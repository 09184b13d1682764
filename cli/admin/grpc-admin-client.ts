import type { CheckpointDetailDecoded } from '../../proto/generated/nerve/v1/CheckpointDetail.ts';
import type { ClusterDetailDecoded } from '../../proto/generated/nerve/v1/ClusterDetail.ts';
import type { CollectGarbageResponseDecoded } from '../../proto/generated/nerve/v1/CollectGarbageResponse.ts';
import type { JobDetailDecoded } from '../../proto/generated/nerve/v1/JobDetail.ts';
import type { JobSummaryDecoded } from '../../proto/generated/nerve/v1/JobSummary.ts';
import type { RescaleJobResponseDecoded } from '../../proto/generated/nerve/v1/RescaleJobResponse.ts';
import type { SavepointResponseDecoded } from '../../proto/generated/nerve/v1/SavepointResponse.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import { required } from '../../shared/invariant.ts';
import { GrpcLeaderDirectory } from '../../shared/leader/grpc-leader-directory.ts';
import type { LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import { quarantinedFromWire } from '../../shared/wire/deployment-wire.ts';
import { failureFromWire } from '../../shared/wire/failure-wire.ts';
import { samplesFromWire } from '../../shared/wire/metrics-wire.ts';
import type { AdminClient, ClusterDetail, JobDetail, JobSummary, Submitted } from './admin-client.ts';
import { ELECTION_MS, GrpcAdminConnection } from './grpc-admin-connection.ts';
import type { Invoke } from './grpc-admin-connection.ts';
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

/**
 * A client of the coordinator that leads, found by a directory (which it then owns), or by asking these coordinators.
 * `electionMs`: how long a leader is waited for while there is none.
 */
export function grpcAdminClient(where: LeaderDirectory | readonly string[], electionMs = ELECTION_MS): AdminClient {
  const directory = 'close' in where ? where : new GrpcLeaderDirectory(where, nodeClock);
  const connection = new GrpcAdminConnection(directory, electionMs);
  const call: Call = async (invoke, deadlineMs = DEADLINE_MS) => await connection.call(invoke, deadlineMs);
  return {
    submit: async ({ module, args, jobId, fromSavepoint, allowNonRestoredState, ...scaling }) => {
      const request = {
        ...(Buffer.isBuffer(module) ? { module } : { modulePath: module.path }),
        arguments: { ...args },
        defaultParallelism: scaling.parallelism ?? 0,
        maxParallelism: scaling.maxParallelism ?? 0,
        schedulerMode: scaling.schedulerMode ?? '',
        leastParallelism: scaling.leastParallelism ?? 0,
        jobId: jobId ?? '',
        fromSavepoint: fromSavepoint ?? '',
        allowNonRestoredState: allowNonRestoredState === true,
      };
      // Beginning from a savepoint copies it first.
      const deadlineMs = fromSavepoint === undefined ? DEADLINE_MS : LONG_DEADLINE_MS;
      return await call<Submitted>((client, options, done) => client.submitJob(request, options, done), deadlineMs);
    },
    list: async () => {
      const answer = await call<{ jobs: JobSummaryDecoded[] }>((client, options, done) =>
        client.listJobs({}, options, done),
      );
      return answer.jobs.map(summaryFromWire);
    },
    job: async (jobId, want = {}) => {
      const request = { jobId, withPlan: want.plan === true, withMetrics: want.metrics === true };
      return detailFromWire(
        await call<JobDetailDecoded>((client, options, done) => client.getJob(request, options, done)),
      );
    },
    cancel: async (jobId) =>
      detailFromWire(
        await call<JobDetailDecoded>((client, options, done) => client.cancelJob({ jobId }, options, done)),
      ),
    cluster: async () =>
      clusterFromWire(
        await call<ClusterDetailDecoded>((client, options, done) => client.getCluster({}, options, done)),
      ),
    ...snapshotCalls(call),
    close: () => {
      connection.close();
    },
  };
}

type Call = <R>(invoke: Invoke<R>, deadlineMs?: number) => Promise<R>;

function snapshotCalls(
  call: Call,
): Pick<AdminClient, 'savepoint' | 'stop' | 'rescale' | 'checkpoint' | 'collectGarbage'> {
  return {
    savepoint: async (jobId, directory) =>
      savepointFromWire(
        await call<SavepointResponseDecoded>(
          (client, options, done) => client.triggerSavepoint({ jobId, directory: directory ?? '' }, options, done),
          LONG_DEADLINE_MS,
        ),
      ),
    stop: async (jobId, { directory, drain }) =>
      savepointFromWire(
        await call<SavepointResponseDecoded>(
          (client, options, done) => client.stopJob({ jobId, directory: directory ?? '', drain }, options, done),
          LONG_DEADLINE_MS,
        ),
      ),
    rescale: async (jobId, { parallelism, operators }) => {
      const request = { jobId, defaultParallelism: parallelism ?? 0, operatorParallelism: { ...operators } };
      const answer = await call<RescaleJobResponseDecoded>(
        (client, options, done) => client.rescaleJob(request, options, done),
        LONG_DEADLINE_MS,
      );
      return { attempt: answer.attempt, checkpoint: BigInt(answer.checkpointId) };
    },
    checkpoint: async (jobId) =>
      checkpointFromWire(
        await call<CheckpointDetailDecoded>((client, options, done) => client.getCheckpoint({ jobId }, options, done)),
      ),
    collectGarbage: async ({ jobId, dryRun, includeUnknownJobs }) =>
      garbageFromWire(
        await call<CollectGarbageResponseDecoded>(
          (client, options, done) =>
            client.collectGarbage({ jobId: jobId ?? '', dryRun, includeUnknownJobs }, options, done),
          LONG_DEADLINE_MS,
        ),
      ),
  };
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
    parallelism: wire.parallelism === 0 ? undefined : wire.parallelism,
    schedulerMode: wire.schedulerMode === '' ? undefined : wire.schedulerMode,
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
    quarantined: wire.quarantined.map(quarantinedFromWire),
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
