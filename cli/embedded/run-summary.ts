import type { MetricSample } from '../../shared/metrics/metrics.ts';
import { formatCount, renderTable } from '../terminal/table.ts';

/** What a run did, from the job's metrics: the same for every job, since sinks and dead letters count alike. */
export interface RunSummary {
  /** Records that sources handed over. */
  readonly recordsIn: number;
  /** Records written, by topic, sorted by name. */
  readonly byTopic: readonly (readonly [topic: string, count: number])[];
  /** Dead letters, by reason, the most frequent first. */
  readonly deadLetters: readonly (readonly [reason: string, count: number])[];
  /** Messages that came again unchanged and were left out. */
  readonly duplicatesDropped: number;
}

/** How the run's checkpoints fared. */
export interface RunCheckpoints {
  readonly completed: number;
  readonly failed: number;
}

/** `sources`: the vertices that read from outside. */
export function summarizeRun(metrics: readonly MetricSample[], sources: ReadonlySet<string>): RunSummary {
  const topics = new Map<string, number>();
  const reasons = new Map<string, number>();
  let recordsIn = 0;
  let duplicatesDropped = 0;
  for (const { name, labels, value } of metrics) {
    if (name === 'records_sent') {
      addTo(topics, labels['topic'] ?? '', value);
    } else if (name === 'hl7_dead_letters') {
      addTo(reasons, labels['reason'] ?? '', value);
    } else if (name === 'hl7_duplicates_dropped') {
      duplicatesDropped += value;
    } else if (name === 'numRecordsIn' && sources.has(labels['operator'] ?? '')) {
      recordsIn += value;
    }
  }
  return {
    recordsIn,
    byTopic: [...topics].sort(([a], [b]) => (a < b ? -1 : 1)),
    deadLetters: [...reasons].sort(([, a], [, b]) => b - a),
    duplicatesDropped,
  };
}

/** One line while the run goes on. */
export function renderProgress(summary: RunSummary, perSecond: number, elapsedMs: number): string {
  const topics = summary.byTopic.map(([topic, count]) => `${topic} ${formatCount(count)}`).join('  ');
  const seconds = (elapsedMs / 1000).toFixed(1);
  return `${seconds.padStart(5)} s  ${formatCount(summary.recordsIn)} in  ${formatCount(perSecond)}/s  ${topics}`;
}

/** The tables at the end. */
export function renderSummary(
  summary: RunSummary,
  elapsedMs: number,
  checkpoints: RunCheckpoints = { completed: 0, failed: 0 },
): string {
  const total = summary.byTopic.reduce((sum, [, count]) => sum + count, 0);
  const rate = elapsedMs > 0 ? (summary.recordsIn * 1000) / elapsedMs : 0;
  const parts = [
    `${formatCount(summary.recordsIn)} records read, ${formatCount(total)} written in ${(elapsedMs / 1000).toFixed(1)} s ` +
      `(${formatCount(rate)}/s from the first to the last)\n${besides(summary, checkpoints)}`,
  ];
  if (summary.byTopic.length > 0) {
    parts.push(
      '\n',
      renderTable([['TOPIC', 'MESSAGES'], ...summary.byTopic.map(([topic, count]) => [topic, formatCount(count)])]),
    );
  }
  if (summary.deadLetters.length > 0) {
    parts.push(
      '\n',
      renderTable([
        ['DEAD LETTERS BY REASON', ''],
        ...summary.deadLetters.map(([reason, count]) => [reason, formatCount(count)]),
      ]),
    );
  }
  return parts.join('');
}

function besides({ duplicatesDropped }: RunSummary, { completed, failed }: RunCheckpoints): string {
  const facts = [
    ...(duplicatesDropped === 0 ? [] : [`${formatCount(duplicatesDropped)} that came twice dropped`]),
    ...(completed === 0
      ? []
      : [`${formatCount(completed)} ${completed === 1 ? 'checkpoint' : 'checkpoints'} completed`]),
    ...(failed === 0 ? [] : [`${formatCount(failed)} failed`]),
  ];
  return facts.length === 0 ? '' : `${facts.join(', ')}\n`;
}

function addTo(counts: Map<string, number>, key: string, value: number): void {
  counts.set(key, (counts.get(key) ?? 0) + value);
}
