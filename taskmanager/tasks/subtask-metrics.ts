import type { Counter, MetricGroup } from '../../shared/metrics/metrics.ts';
import type { InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import { TimeAccounting } from './time-accounting.ts';

/** The metrics of one subtask, with Flink's names. */
export class SubtaskMetrics {
  readonly time: TimeAccounting;
  readonly #chain: Chain;
  readonly #totals: readonly { readonly read: () => number; readonly counter: Counter; seen: number }[];

  constructor(metrics: MetricGroup, chain: Chain, gate: InputGate | undefined, nowMs: number) {
    this.#chain = chain;
    this.time = new TimeAccounting(nowMs);
    this.time.register(metrics);
    const total = (name: string, read: () => number) => ({ read, counter: metrics.counter(name), seen: 0 });
    this.#totals = [
      total('numRecordsIn', () => chain.counts.headReceived.value),
      total('numRecordsOut', () => chain.counts.left()),
      total('numBytesIn', () => gate?.bytesReceived ?? 0),
      total('numBytesOut', () => chain.edges.reduce((sum, edge) => sum + edge.bytesSent, 0)),
    ];
    if (gate !== undefined) {
      metrics.gauge('inputQueueLength', () => gate.queuedFrames);
    }
    if (chain.edges.length > 0) {
      metrics.gauge('outputQueueLength', () => chain.edges.reduce((sum, edge) => sum + edge.queuedFrames, 0));
    }
  }

  /** Brings the registry up to now. */
  publish(nowMs: number): void {
    this.time.sample(nowMs);
    this.#chain.counts.publish();
    for (const total of this.#totals) {
      const now = total.read();
      total.counter.add(now - total.seen);
      total.seen = now;
    }
  }
}
