import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSplitId } from '../../shared/ids.ts';
import { FetchBuffer } from './fetch-buffer.ts';
import type { RecordSet } from './record-batch-decode.ts';

function setOf(split: string, bytes: number): RecordSet {
  return {
    split: parseSplitId(split),
    topic: 't',
    partition: 0,
    fetchOffset: 0n,
    records: Buffer.alloc(bytes),
    aborted: [],
  };
}

test('whatever is asked, answered and read, no more is held than the bound', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.boolean()), { maxLength: 60 }), (steps) => {
      const buffer = new FetchBuffer(1_000);
      for (const [wanted, isRead] of steps) {
        const granted = buffer.reserve(wanted);
        if (granted > 0) {
          buffer.put(setOf('a', granted));
          buffer.settle(granted);
        }
        if (isRead) {
          buffer.release(buffer.take()?.records.length ?? 0);
        }

        expect(buffer.heldBytes).toBeLessThanOrEqual(1_000);
        expect(granted).toBeLessThanOrEqual(wanted);
      }
    }),
  );
});

test('two requests at once share the room', () => {
  const buffer = new FetchBuffer(1_000);

  expect(buffer.reserve(700)).toBe(700);
  expect(buffer.reserve(700)).toBe(300);
  expect(buffer.reserve(700)).toBe(0);
});

test('room is announced once to each who waits: on release, on an answer smaller than granted, on a dropped split', () => {
  const buffer = new FetchBuffer(100);
  let rings = 0;
  const wait = (): void => {
    buffer.onRoom(() => {
      rings += 1;
    });
  };
  wait();
  buffer.settle(buffer.reserve(100));
  buffer.put(setOf('a', 50));
  buffer.put(setOf('b', 50));
  wait();
  buffer.release(buffer.take()?.records.length ?? 0);
  wait();
  buffer.drop(parseSplitId('b'));
  buffer.release(0);

  expect(rings).toBe(3);
  expect(buffer.heldBytes).toBe(0);
  expect(buffer.take()).toBeUndefined();
});
