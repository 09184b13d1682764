import type { Counter, MetricGroup, MetricLabels, MetricSample } from './metrics.ts';

/** A bound on series per registry: labels that grow with the data would grow memory with it. */
const SERIES_MAX = 5_000;

interface CounterSeries {
  readonly kind: 'counter';
  readonly name: string;
  readonly labels: MetricLabels;
  total: number;
}

interface GaugeSeries {
  readonly kind: 'gauge';
  readonly name: string;
  readonly labels: MetricLabels;
  readonly read: () => number;
}

/** What a series beyond the bound counts is not kept. */
const NOT_KEPT: Counter = { add: () => undefined };

/** The series of one process or slot. Beyond the bound, `series_dropped` counts those that are not kept. */
export class MetricRegistry {
  readonly #series = new Map<string, CounterSeries | GaugeSeries>();
  readonly #dropped: CounterSeries = { kind: 'counter', name: 'series_dropped', labels: {}, total: 0 };

  group(labels: MetricLabels): MetricGroup {
    return {
      counter: (name, more) => this.#counter(name, { ...labels, ...more }),
      gauge: (name, read, more) => {
        this.#set({ kind: 'gauge', name, labels: { ...labels, ...more }, read });
      },
    };
  }

  /** Every series with its value now, in order of creation. */
  samples(): readonly MetricSample[] {
    const out: MetricSample[] = [];
    for (const series of this.#series.values()) {
      const value = series.kind === 'counter' ? series.total : read(series);
      if (value !== undefined) {
        out.push({ name: series.name, kind: series.kind, labels: series.labels, value });
      }
    }
    if (this.#dropped.total > 0) {
      out.push({ name: this.#dropped.name, kind: 'counter', labels: {}, value: this.#dropped.total });
    }
    return out;
  }

  #counter(name: string, labels: MetricLabels): Counter {
    const found = this.#series.get(keyOf(name, labels));
    let series = found?.kind === 'counter' ? found : undefined;
    if (series === undefined) {
      series = { kind: 'counter', name, labels, total: 0 };
      if (!this.#set(series)) {
        return NOT_KEPT;
      }
    }
    const kept = series;
    return {
      add: (count = 1) => {
        kept.total += count;
      },
    };
  }

  #set(series: CounterSeries | GaugeSeries): boolean {
    const key = keyOf(series.name, series.labels);
    if (!this.#series.has(key) && this.#series.size >= SERIES_MAX) {
      this.#dropped.total += 1;
      return false;
    }
    this.#series.set(key, series);
    return true;
  }
}

/** Undefined: it cannot be read now. It may be a user's function, and what is wrong with that is no reason to report nothing at all. */
function read(gauge: GaugeSeries): number | undefined {
  try {
    const value: unknown = gauge.read();
    return typeof value === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}

function keyOf(name: string, labels: MetricLabels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs]);
}
