import { formatFailure } from '../../shared/failure/failure.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { CheckpointSummary, JobDetail, JobSummary } from '../admin/admin-client.ts';
import { formatCount, renderTable } from '../terminal/table.ts';

/** `nerve list` for people. */
export function renderJobs(jobs: readonly JobSummary[], nowMs: number): string {
  if (jobs.length === 0) {
    return 'no jobs\n';
  }
  return renderTable([
    ['JOB', 'NAME', 'STATE', 'FOR', 'ATTEMPT', 'RESTARTS', 'PARALLELISM'],
    ...jobs.map((job) => [
      job.jobId,
      job.name,
      job.state,
      formatAge(nowMs - job.changedAtMs),
      String(job.attempt),
      String(job.restarts),
      parallelismOf(job) ?? '',
    ]),
  ]);
}

/** `nerve status JOB` for people: state, subtasks with their rates, last failures. */
export function renderJob(detail: JobDetail, nowMs: number): string {
  const { summary } = detail;
  const parts = [
    `${summary.jobId} (${summary.name}) is ${summary.state} for ${formatAge(nowMs - summary.changedAtMs)}; ` +
      `attempt ${summary.attempt}, ${summary.restarts} restarts${prefixed('; parallelism ', parallelismOf(summary))}\n`,
  ];
  if (detail.subtasks.length > 0) {
    parts.push(
      renderTable([
        ['VERTEX', 'SUBTASK', 'STATE', 'TASK MANAGER', 'SLOT', 'RECORDS IN', 'RECORDS OUT', 'BUSY', 'BACK-PRESSURED'],
        ...detail.subtasks.map((task) => {
          const value = (name: string): number => valueOf(detail.metrics, name, task.vertex, task.subtask);
          return [
            task.vertex,
            String(task.subtask),
            task.state,
            task.taskManager,
            String(task.slotIndex),
            formatCount(value('numRecordsIn')),
            formatCount(value('numRecordsOut')),
            percent(value('busyTimeMsPerSecond')),
            percent(value('backPressuredTimeMsPerSecond')),
          ];
        }),
      ]),
    );
  }
  if (detail.checkpoints !== undefined) {
    parts.push(renderCheckpoints(detail.checkpoints, nowMs));
  }
  if (summary.state === 'waiting-for-slots' && summary.failure !== undefined) {
    // What it waits for; its failures stand below.
    parts.push(`${formatFailure(summary.failure)}\n`);
  }
  if (detail.quarantined.length > 0) {
    parts.push(`quarantined records: ${countByOperator(detail.quarantined)}\n`);
  }
  for (const { atMs, attempt, where, failure } of detail.failures) {
    parts.push(`${formatAge(nowMs - atMs)} ago, attempt ${attempt}, ${where}: ${formatFailure(failure)}\n`);
  }
  return parts.join('');
}

/** `nerve status JOB --json`: as it is, with the number of a checkpoint as text, since it may exceed what JSON readers can count. */
export function jobToJson(detail: JobDetail): string {
  const { checkpoints } = detail;
  const last = checkpoints?.last;
  return JSON.stringify(
    checkpoints === undefined || last === undefined
      ? detail
      : { ...detail, checkpoints: { ...checkpoints, last: { ...last, checkpoint: last.checkpoint.toString() } } },
  );
}

/** `3 of correlate, 1 of parse`. */
function countByOperator(quarantined: JobDetail['quarantined']): string {
  const counts = new Map<string, number>();
  for (const { operator } of quarantined) {
    counts.set(operator, (counts.get(operator) ?? 0) + 1);
  }
  return [...counts].map(([operator, count]) => `${count} of ${operator}`).join(', ');
}

/** `4`, or `4 (reactive)`. */
function parallelismOf({ parallelism, schedulerMode }: JobSummary): string | undefined {
  const text = parallelism?.toString();
  return schedulerMode === 'reactive' ? `${text ?? ''} (reactive)` : text;
}

function prefixed(prefix: string, text: string | undefined): string {
  return text === undefined ? '' : `${prefix}${text}`;
}

function renderCheckpoints(
  { completed, failed, inProgress, last, lastFailure }: CheckpointSummary,
  nowMs: number,
): string {
  const lines = [`checkpoints: ${completed} completed, ${failed} failed, ${inProgress} under way`];
  if (last !== undefined) {
    const age = formatAge(nowMs - last.completedAtMs);
    lines.push(`  last: ${last.checkpoint}, ${age} ago, took ${last.tookMs} ms, ${formatCount(last.bytes)} bytes`);
  }
  if (lastFailure !== undefined) {
    lines.push(`  last failure, ${formatAge(nowMs - lastFailure.atMs)} ago: ${lastFailure.sentence}`);
  }
  return `${lines.join('\n')}\n`;
}

export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}

function valueOf(metrics: readonly MetricSample[], name: string, vertex: string, subtask: number): number {
  return metrics
    .filter(
      (sample) =>
        sample.name === name &&
        sample.labels['vertex'] === vertex &&
        sample.labels['subtask'] === String(subtask) &&
        sample.labels['operator'] === undefined,
    )
    .reduce((sum, sample) => sum + sample.value, 0);
}

function percent(msPerSecond: number): string {
  return `${Math.round(msPerSecond / 10)} %`;
}
