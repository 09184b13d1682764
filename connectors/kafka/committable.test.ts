import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeWritten, formatCommittable, parseCommittable } from './committable.ts';

const committable = {
  transactionalId: 'c/j/s/1/0/0',
  producerId: 2n ** 60n,
  producerEpoch: 3,
  partitions: [
    { topic: 'hl7.adt', partition: 0, firstOffset: 5n, lastOffset: 9n },
    { topic: 'hl7.oru', partition: 2, firstOffset: -1n, lastOffset: -1n },
  ],
};

test('a committable is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      fc.integer({ min: 0, max: 32_767 }),
      fc.uniqueArray(fc.record({ partition: fc.nat(), firstOffset: fc.bigInt({ min: -1n }) }), {
        selector: ({ partition }) => partition,
      }),
      (transactionalId, producerId, producerEpoch, written) => {
        const partitions = written.map((each) => ({ ...each, topic: 't', lastOffset: each.firstOffset + 5n }));
        const one = { transactionalId, producerId, producerEpoch, partitions };

        expect(parseCommittable(formatCommittable(one))).toStrictEqual(one);
      },
    ),
  );
});

test('its form is part of checkpoints', () => {
  expect(formatCommittable(committable)).toBe(
    '{"transactionalId":"c/j/s/1/0/0","producerId":"1152921504606846976","producerEpoch":3,"written":[["hl7.adt",[[0,"5","9"]]],["hl7.oru",[[2,"-1","-1"]]]]}',
  );
});

test('for people it names partitions and offsets, where they are known', () => {
  expect(describeWritten(committable)).toBe('hl7.adt-0 offsets 5 to 9, hl7.oru-2');
});

test.each([
  '[]',
  '{}',
  '{"transactionalId":"a","producerId":7,"producerEpoch":1}',
  '{"transactionalId":"a","producerId":"7"}',
])('what is none is refused: %s', (text) => {
  expect(() => parseCommittable(text)).toThrow(/committable/);
});
