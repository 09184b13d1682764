import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import type { Job, JobState } from '../jobs/job.ts';
import { freeIndices } from '../scheduling/slot-ledger.ts';

/** The coordinator's own metrics, with Flink's names. Task managers export those of their subtasks themselves. */
export function clusterMetrics(state: KernelState): readonly MetricSample[] {
  const members = [...state.membership.members.values()];
  const total = members.reduce((sum, member) => sum + member.slots, 0);
  const free = members.reduce((sum, member) => sum + freeIndices(state.ledger, member).length, 0);
  return [
    gauge('numRegisteredTaskManagers', members.length),
    gauge('taskSlotsTotal', total),
    gauge('taskSlotsAvailable', free),
    gauge('numRunningJobs', countOf(state, 'running')),
    ...[...state.jobs.values()].flatMap(jobMetrics),
  ];
}

function jobMetrics(job: Job): readonly MetricSample[] {
  const labels = { job: job.spec.jobId, job_name: job.spec.name };
  return [
    { name: 'numRestarts', kind: 'counter', labels, value: job.restarts.total },
    { name: 'jobState', kind: 'gauge', labels: { ...labels, state: job.kind }, value: 1 },
  ];
}

function countOf(state: KernelState, kind: JobState): number {
  return [...state.jobs.values()].filter((job) => job.kind === kind).length;
}

function gauge(name: string, value: number): MetricSample {
  return { name, kind: 'gauge', labels: {}, value };
}
