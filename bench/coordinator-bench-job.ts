import { customSink, defineJob, generatorSource, valueState } from '../index.ts';
import type { KeyedProcessFunction, KeyedRuntimeContext, SinkWriter, ValueState } from '../index.ts';

/** Readers of the source, of which each begins barriers. */
export const READERS = 4;

/** A job as wide as the cluster: `numbers` in a few slots, `count` with its sink in each. Nobody runs it. */
export const job = defineJob('wide', (flow) => {
  flow
    .source(generatorSource({ next: (index) => ({ value: Buffer.of(index % 251) }), seed: 1, splits: READERS }), {
      uid: 'numbers',
      parallelism: READERS,
    })
    .map(({ value }) => String(value[0]), { uid: 'key', parallelism: READERS })
    .keyBy((key) => key)
    .process(new Count(), { uid: 'count' })
    .sinkTo(customSink<number>({ summary: 'nowhere', createWriter: () => new Nowhere() }), { uid: 'out' });
});

class Count implements KeyedProcessFunction<string, number> {
  #count!: ValueState<number>;

  open({ state }: KeyedRuntimeContext): void {
    this.#count = state.value(valueState<number>({ name: 'count' }));
  }

  process(): void {
    this.#count.update((this.#count.value() ?? 0) + 1);
  }
}

class Nowhere implements SinkWriter<number> {
  readonly isWritable = true;

  async open(): Promise<void> {
    await Promise.resolve();
  }

  write(): void {
    // Nobody runs the job.
  }

  async flush(): Promise<void> {
    await Promise.resolve();
  }

  async prepareCommit(): Promise<readonly []> {
    return await Promise.resolve([]);
  }

  committed(): void {
    // Nothing was.
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}
