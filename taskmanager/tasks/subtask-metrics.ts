import type { Counter, MetricGroup } from '../../shared/metrics/metrics.ts';
import type { InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import { TimeAccounting } from './time-accounting.ts';

/** The metrics of one subtask, with Flink's names. */
export class SubtaskMetrics {
  readonly time: TimeAccounting;
  readonly #chain: Chain;
  #alignmentMs = 0;
  #startDelayMs = 0;
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
    // Flink gives both in nanoseconds.
    metrics.gauge('checkpointAlignmentTime', () => Math.round(this.#alignmentMs * 1e6));
    metrics.gauge('checkpointStartDelayNanos', () => Math.round(this.#startDelayMs * 1e6));
    if (gate !== undefined) {
      metrics.gauge('inputQueueLength', () => gate.queuedFrames);
    }
    if (chain.edges.length > 0) {
      metrics.gauge('outputQueueLength', () => chain.edges.reduce((sum, edge) => sum + edge.queuedFrames, 0));
    }
  }

  /** The barriers of a checkpoint have all arrived: `alignmentMs` from the first to the last, which came so long after the trigger. */
  aligned(alignmentMs: number, startDelayMs: number): void {
    this.#alignmentMs = alignmentMs;
    this.#startDelayMs = startDelayMs;
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
