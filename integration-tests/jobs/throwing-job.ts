import { customSink, defineJob, generatorSource } from '../../index.ts';

/** A job whose operator throws at its tenth record, in every attempt. */
export const job = defineJob('throwing', (flow) => {
  let seen = 0;
  flow
    .source(generatorSource({ next: (index) => ({ value: Buffer.from(String(index)) }), seed: 1 }), { uid: 'numbers' })
    .map(
      (record) => {
        seen += 1;
        if (seen === 10) {
          throw new RangeError('this job always fails');
        }
        return record;
      },
      { uid: 'fragile' },
    )
    .sinkTo(
      customSink({
        summary: 'void',
        createWriter: () => ({
          isWritable: true,
          open: async () => await Promise.resolve(),
          write: () => undefined,
          flush: async () => await Promise.resolve(),
          prepareCommit: async () => await Promise.resolve([]),
          committed: () => undefined,
          close: async () => await Promise.resolve(),
        }),
      }),
      { uid: 'void' },
    );
});
