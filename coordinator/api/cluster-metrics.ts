import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import { headroomMs } from '../checkpoints/prepared-output.ts';
import type { JobCheckpoints } from '../jobs/job-checkpoints.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job, JobState } from '../jobs/job.ts';
import type { Instant } from '../membership/members.ts';
import { freeIndices } from '../scheduling/slot-ledger.ts';

/** The coordinator's own metrics, with Flink's names. Task managers export those of their subtasks themselves. */
export function clusterMetrics(state: KernelState, now: Instant): readonly MetricSample[] {
  const members = [...state.membership.members.values()];
  const total = members.reduce((sum, member) => sum + member.slots, 0);
  const free = members.reduce((sum, member) => sum + freeIndices(state.ledger, member).length, 0);
  return [
    gauge('numRegisteredTaskManagers', members.length),
    gauge('taskSlotsTotal', total),
    gauge('taskSlotsAvailable', free),
    gauge('numRunningJobs', countOf(state, 'running')),
    ...[...state.jobs.values()].flatMap((job) => jobMetrics(job, now)),
  ];
}

/** 1: this coordinator leads; 0: it waits for its turn. */
export function leaderMetric(leads: boolean): MetricSample {
  return gauge('isLeader', leads ? 1 : 0);
}

function jobMetrics(job: Job, now: Instant): readonly MetricSample[] {
  const labels = { job: job.spec.jobId, job_name: job.spec.name };
  return [
    { name: 'numRestarts', kind: 'counter', labels, value: job.restarts.total },
    { name: 'jobState', kind: 'gauge', labels: { ...labels, state: job.kind }, value: 1 },
    ...(hasEnded(job) ? [] : checkpointMetrics(job.checkpoints, now).map((sample) => ({ ...sample, labels }))),
  ];
}

function checkpointMetrics({ machine, stats }: JobCheckpoints, now: Instant): readonly MetricSample[] {
  const { completed, failed, last } = stats;
  const underWay = (machine?.pending.size ?? 0) + (machine?.completing === undefined ? 0 : 1);
  const headroom = machine === undefined ? undefined : headroomMs(machine.prepared, now);
  return [
    counter('numberOfCompletedCheckpoints', completed),
    counter('numberOfFailedCheckpoints', failed),
    gauge('numberOfInProgressCheckpoints', underWay),
    ...(last === undefined
      ? []
      : [
          gauge('lastCheckpointDuration', Math.round(last.tookMs)),
          gauge('lastCheckpointSize', last.newBytes),
          gauge('lastCheckpointFullSize', last.fullBytes),
        ]),
    ...(headroom === undefined ? [] : [gauge('transactionTimeoutHeadroomMs', Math.round(headroom))]),
  ];
}

function countOf(state: KernelState, kind: JobState): number {
  return [...state.jobs.values()].filter((job) => job.kind === kind).length;
}

function counter(name: string, value: number): MetricSample {
  return { name, kind: 'counter', labels: {}, value };
}

function gauge(name: string, value: number): MetricSample {
  return { name, kind: 'gauge', labels: {}, value };
}
