import { existsSync } from 'node:fs';
import { customSink, defineJob, generatorSource } from '../../index.ts';
import type { PreparedOutput, SinkWriter } from '../../index.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';

/** An endless feed through a shuffle into a sink that takes nothing while the gate file exists. */
export const job = defineJob(
  'gated-sink',
  (flow, args) => {
    flow
      .source(generatorSource({ next: (index) => ({ value: Buffer.alloc(800, index % 251) }), seed: 1, splits: 2 }), {
        uid: 'numbers',
      })
      .map(({ value, position }) => ({ value, key: String(position.offset % 1000n) }), { uid: 'pair' })
      .keyBy(({ key }) => key)
      .process({ process: (value, context) => context.emit(value) }, { uid: 'keyed' })
      .sinkTo(
        customSink<{ value: Buffer; key: string }>({
          summary: 'gated',
          createWriter: () => new GatedWriter(args.gate),
        }),
        { uid: 'gated' },
      );
  },
  { args: { gate: { type: 'string', description: 'file whose presence closes the sink', default: '/nowhere' } } },
);

class GatedWriter implements SinkWriter<{ value: Buffer; key: string }> {
  isWritable = true;
  readonly #gate: string;
  #timer: NodeJS.Timeout | undefined;
  #sent: { add(count?: number): void } | undefined;

  constructor(gate: string) {
    this.#gate = gate;
  }

  async open(context: { wake(): void; metrics: MetricGroup }): Promise<void> {
    this.#sent = context.metrics.counter('records_sent', { topic: 'gated' });
    this.#timer = setInterval(() => {
      const wasWritable = this.isWritable;
      this.isWritable = !existsSync(this.#gate);
      if (this.isWritable && !wasWritable) {
        context.wake();
      }
    }, 20);
    await Promise.resolve();
  }

  write(): void {
    this.#sent?.add();
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  async prepareCommit(): Promise<readonly PreparedOutput[]> {
    return await Promise.resolve([]);
  }

  committed(): void {
    return;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.resolve();
  }
}
