import { defineJob, kafkaSink, kafkaSource, valueState } from '../../index.ts';
import type { KeyedProcessContext, KeyedProcessFunction, KeyedRuntimeContext } from '../../index.ts';
import type { OutputRecord, ValueState } from '../../index.ts';

const COUNT = valueState<number>({ name: 'count' });

/** Counts the results of each patient. */
export class CountResults implements KeyedProcessFunction<string, OutputRecord> {
  #count: ValueState<number> | undefined;

  open({ state }: KeyedRuntimeContext): void {
    this.#count = state.value(COUNT);
  }

  process(patient: string, context: KeyedProcessContext<OutputRecord>): void {
    const count = (this.#count?.value() ?? 0) + 1;
    this.#count?.update(count);
    context.emit({ topic: 'result-counts', key: patient, value: Buffer.from(String(count)), headers: {} });
  }
}

export const job = defineJob('count-results', (flow) => {
  flow
    .source(kafkaSource({ topic: 'hl7.oru' }), { uid: 'results' })
    .map(({ key }) => key?.toString() ?? '')
    .keyBy((patient) => patient)
    .process(new CountResults(), { uid: 'count' })
    .sinkTo(kafkaSink({ guarantee: 'exactly-once' }), { uid: 'counts' });
});
