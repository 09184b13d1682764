import type { ClusterDetail } from '../../proto/generated/nerve/v1/ClusterDetail.ts';
import type { JobDetail } from '../../proto/generated/nerve/v1/JobDetail.ts';
import type { Failure as WireFailure } from '../../proto/generated/nerve/v1/Failure.ts';
import type { JobSummary } from '../../proto/generated/nerve/v1/JobSummary.ts';
import type { SubtaskDetail } from '../../proto/generated/nerve/v1/SubtaskDetail.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import { failureToWire } from '../../shared/wire/failure-wire.ts';
import { samplesToWire } from '../../shared/wire/metrics-wire.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import { isDeployed } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import { summarizeCheckpoints } from './describe-checkpoint.ts';
import { silentForMs } from '../membership/failure-detector.ts';
import type { Instant } from '../membership/members.ts';
import { freeIndices } from '../scheduling/slot-ledger.ts';

/** The state as the admin API shows it. Pure. */
export function describeJobs(state: KernelState): JobSummary[] {
  return [...state.jobs.values()].map(summarize);
}

/** `metrics` undefined: not asked for. */
export function describeJob(job: Job, withPlan: boolean, metrics: readonly MetricSample[] | undefined): JobDetail {
  return {
    summary: summarize(job),
    subtasks: describeSubtasks(job),
    metrics: metrics === undefined ? [] : samplesToWire(metrics),
    planJson: withPlan ? job.spec.planJson : '',
    failures: job.failures.map(({ atMs, attempt, where, failure }) => ({
      atMs,
      attempt,
      where,
      failure: failureToWire(failure),
    })),
    checkpoints: summarizeCheckpoints(job) ?? null,
    quarantined: job.quarantine.quarantined.map((record) => ({ ...record })),
  };
}

export interface ClusterView {
  readonly leader: string;
  readonly epoch: LeaderEpoch;
  readonly version: string;
  readonly now: Instant;
}

export function describeCluster(state: KernelState, { leader, epoch, version, now }: ClusterView): ClusterDetail {
  return {
    leader,
    leaderEpoch: epoch.toString(),
    version,
    taskManagers: [...state.membership.members.values()].map((member) => ({
      id: member.id,
      incarnation: member.incarnation,
      dataAddress: member.dataAddress,
      slots: member.slots,
      freeSlots: freeIndices(state.ledger, member).length,
      lastHeartbeatMsAgo: Math.round(silentForMs(state.membership, member.id, now)),
    })),
  };
}

function summarize(job: Job): JobSummary {
  return {
    jobId: job.spec.jobId,
    name: job.spec.name,
    state: job.kind,
    attempt: job.lastAttempt,
    submittedAtMs: Math.round(job.submittedAtMs),
    changedAtMs: Math.round(job.changedAtMs),
    restarts: job.restarts.total,
    failure: presentFailure(job),
    schedulerMode: job.spec.reactive === undefined ? 'default' : 'reactive',
    parallelism: job.spec.defaultParallelism,
    slots: job.spec.slotsNeeded,
  };
}

/** The last failure; a job that waits for slots says for what instead (its failures stand in the detail). */
function presentFailure(job: Job): WireFailure | null {
  if (job.kind === 'waiting-for-slots') {
    return failureToWire({
      code: 'waiting-for-slots',
      reaction: 'retry',
      message: `The job ${job.reason}.`,
      remedy: 'Start more task managers, cancel another job, or lower the parallelism.',
    });
  }
  const last = job.failures.at(-1);
  return last === undefined ? null : failureToWire(last.failure);
}

function describeSubtasks(job: Job): SubtaskDetail[] {
  if (!isDeployed(job)) {
    return [];
  }
  const { run, spec } = job;
  return spec.vertices.flatMap(({ id, firstSlot }) =>
    (run.tasks.get(id) ?? []).map((state, subtask) => {
      const place = run.places[firstSlot + subtask];
      return {
        vertexId: id,
        subtask,
        state,
        taskManagerId: place?.taskManager ?? '',
        slotIndex: place?.slotIndex ?? 0,
      };
    }),
  );
}
