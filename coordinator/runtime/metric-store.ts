import type { TaskManagerId } from '../../shared/ids.ts';
import type { MetricLabels, MetricSample } from '../../shared/metrics/metrics.ts';

/**
 * The latest value of every series that task managers have reported, and the last values of subtasks that have ended.
 *
 * Series of a job carry the labels `job` and `attempt`. A counter begins at 0 in each attempt, so the job's total is the sum
 * over its attempts; a gauge says something about the present attempt only.
 */
export class MetricStore {
  readonly #jobs = new Map<string, JobSeries>();

  /** What a task manager says in a heartbeat or a final report: changed series or all. */
  record(from: TaskManagerId, samples: readonly MetricSample[]): void {
    for (const sample of samples) {
      const job = sample.labels['job'];
      if (job !== undefined) {
        this.#jobOf(job).record(from, sample);
      }
    }
  }

  /** Every series of a job over all its attempts, without the labels `job` and `attempt`. */
  totals(job: string): readonly MetricSample[] {
    return this.#jobs.get(job)?.totals() ?? [];
  }

  forget(job: string): void {
    this.#jobs.delete(job);
  }

  #jobOf(job: string): JobSeries {
    let series = this.#jobs.get(job);
    if (series === undefined) {
      series = new JobSeries();
      this.#jobs.set(job, series);
    }
    return series;
  }
}

/** A job that makes up labels from its data must not take the coordinator's memory: further series are not kept. */
const SERIES_PER_ATTEMPT_MAX = 100_000;

/** Attempts kept series by series; counters of older ones are kept as one sum. */
const ATTEMPTS_KEPT = 2;

class JobSeries {
  readonly #past = new Map<string, MetricSample>();
  readonly #attempts = new Map<number, Map<string, MetricSample>>();
  #folded = -1;

  record(from: TaskManagerId, sample: MetricSample): void {
    const attempt = Number(sample.labels['attempt'] ?? 0);
    if (attempt <= this.#folded) {
      return;
    }
    let series = this.#attempts.get(attempt);
    if (series === undefined) {
      series = new Map();
      this.#attempts.set(attempt, series);
      this.#foldOld();
    }
    const key = `${from} ${keyOf(sample.name, sample.labels)}`;
    if (series.size < SERIES_PER_ATTEMPT_MAX || series.has(key)) {
      series.set(key, sample);
    }
  }

  totals(): readonly MetricSample[] {
    const totals = new Map(this.#past);
    const latest = Math.max(...this.#attempts.keys());
    for (const [attempt, series] of this.#attempts) {
      for (const sample of series.values()) {
        if (sample.kind === 'counter' || attempt === latest) {
          add(totals, sample);
        }
      }
    }
    return [...totals.values()];
  }

  #foldOld(): void {
    while (this.#attempts.size > ATTEMPTS_KEPT) {
      const oldest = Math.min(...this.#attempts.keys());
      for (const sample of this.#attempts.get(oldest)?.values() ?? []) {
        if (sample.kind === 'counter') {
          add(this.#past, sample);
        }
      }
      this.#attempts.delete(oldest);
      this.#folded = oldest;
    }
  }
}

function add(totals: Map<string, MetricSample>, sample: MetricSample): void {
  const labels = withoutScope(sample.labels);
  const key = keyOf(sample.name, labels);
  const before = totals.get(key)?.value ?? 0;
  totals.set(key, { name: sample.name, kind: sample.kind, labels, value: before + sample.value });
}

function withoutScope(labels: MetricLabels): MetricLabels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== 'job' && name !== 'attempt'));
}

function keyOf(name: string, labels: MetricLabels): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
