import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { OutputRecord } from '../../shared/connector/records.ts';
import { crc32c } from './node-crc32c.ts';
import { Outboxes } from './outboxes.ts';
import { ProducerIdentity } from './producer-identity.ts';

const seal = { codec: undefined, crc32c };
const policy = { maxBatchBytes: 2_000, lingerMs: 5 };

function record(bytes: number): OutputRecord {
  return { topic: 't', key: 'k', value: Buffer.alloc(bytes), headers: {}, timestampMs: 1 };
}

test('a batch is due when it has lingered, or is full, or is flushed', async () => {
  const clock = new MemoryClock();
  const outboxes = new Outboxes(policy);
  const isFull = outboxes.add(record(100), 0, clock);
  const outbox = outboxes.of('t', 0);

  expect(isFull).toBe(false);
  expect(outboxes.isDue(outbox, clock.monotonicMs(), false)).toBe(false);
  expect(outboxes.isDue(outbox, clock.monotonicMs(), true)).toBe(true);
  await clock.advance(5);
  expect(outboxes.isDue(outbox, clock.monotonicMs(), false)).toBe(true);

  outboxes.add(record(100), 1, clock);
  outboxes.closeSection();
  expect(outboxes.isDue(outboxes.of('t', 1), clock.monotonicMs(), false)).toBe(true);
  expect(outboxes.add(record(1_900), 1, clock)).toBe(true);
  expect(outboxes.isDue(outboxes.of('t', 1), clock.monotonicMs(), false)).toBe(true);
});

test('one batch of a partition is in flight at a time, and a retry sends the same bytes', () => {
  const clock = new MemoryClock();
  const identity = new ProducerIdentity(1n, 0, undefined);
  const outboxes = new Outboxes(policy);
  outboxes.add(record(1_500), 0, clock);
  outboxes.add(record(1_500), 0, clock);
  const outbox = outboxes.of('t', 0);
  const first = outbox.next(identity, seal);
  const bytes = Buffer.from(first?.sealed?.bytes ?? Buffer.alloc(0));

  expect(outbox.next(identity, seal)).toBeUndefined();
  outbox.isRetryDue = true;
  expect(outbox.next(identity, seal)?.sealed?.bytes.equals(bytes)).toBe(true);
  expect(outboxes.acknowledge(outbox, 0)).toBe(1);
  expect(outbox.next(identity, seal)?.sealed?.producer.baseSequence).toBe(1);
});

test('what is held is what was added and not acknowledged', () => {
  const clock = new MemoryClock();
  const identity = new ProducerIdentity(1n, 0, undefined);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const outboxes = new Outboxes(policy);
      let records = 0;
      for (const [i, size] of sizes.entries()) {
        outboxes.add(record(size), i % 3, clock);
        records += 1;
      }
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(outboxes.heldBytes).toBeGreaterThan(total);

      let sent = 0;
      while (outboxes.busy.size > 0) {
        for (const outbox of outboxes.busy) {
          outbox.next(identity, seal);
          sent += outboxes.acknowledge(outbox, 0);
        }
      }

      expect(sent).toBe(records);
      expect(outboxes.heldBytes).toBe(0);
    }),
  );
});

describe('a batch that is too large', () => {
  test('is halved, keeps its sequence numbers, and later batches of the topic are smaller', () => {
    const clock = new MemoryClock();
    const identity = new ProducerIdentity(1n, 0, undefined);
    const outboxes = new Outboxes({ maxBatchBytes: 10_000, lingerMs: 5 });
    for (let i = 0; i < 10; i += 1) {
      outboxes.add(record(500), 0, clock);
    }
    const outbox = outboxes.of('t', 0);
    const size = outbox.next(identity, seal)?.sealed?.bytes.length ?? 0;

    expect(outboxes.split(outbox, size, seal)).toBe(true);
    const first = outbox.next(identity, seal);
    expect(first?.sealed?.producer.baseSequence).toBe(0);
    const count = outboxes.acknowledge(outbox, 0);
    expect(outbox.next(identity, seal)?.sealed?.producer.baseSequence).toBe(count);
    expect(count + outboxes.acknowledge(outbox, 0)).toBe(10);
    expect(outboxes.heldBytes).toBe(0);
    outboxes.add(record(2_000), 0, clock);
    expect(outboxes.add(record(2_000), 0, clock)).toBe(true);
  });

  test('and holds one record cannot be helped', () => {
    const outboxes = new Outboxes(policy);
    outboxes.add(record(50_000), 0, new MemoryClock());
    const outbox = outboxes.of('t', 0);
    outbox.next(new ProducerIdentity(1n, 0, undefined), seal);

    expect(outboxes.split(outbox, 50_000, seal)).toBe(false);
  });
});

test.each([
  [1_000.7, 1_000],
  [undefined, 5_000_000],
  [-1, 5_000_000],
  [Number.NaN, 5_000_000],
  [9_999_999_999, 5_000_000],
  [5_100_000, 5_100_000],
])('a record of time %s is written with time %i', (timestampMs, expected) => {
  const clock = new MemoryClock(5_000_000);
  const outboxes = new Outboxes(policy);
  outboxes.add(
    {
      topic: 't',
      key: 'k',
      value: Buffer.alloc(1),
      headers: {},
      ...(timestampMs === undefined ? {} : { timestampMs }),
    },
    0,
    clock,
  );
  const batch = outboxes.of('t', 0).next(new ProducerIdentity(1n, 0, undefined), seal);

  expect(Number(batch?.sealed?.bytes.readBigInt64BE(27))).toBe(expected);
});

describe('sections', () => {
  test('a batch holds records of one section, and a held section waits for the one before it', () => {
    const clock = new MemoryClock();
    const outboxes = new Outboxes(policy);
    const identity = new ProducerIdentity(1n, 0, 'id');
    outboxes.add(record(10), 0, clock);
    const section = outboxes.closeSection();
    outboxes.sendUpTo = section;
    outboxes.add(record(10), 0, clock);
    outboxes.add(record(10), 1, clock);
    const outbox = outboxes.of('t', 0);

    expect(outboxes.isDue(outbox, clock.monotonicMs(), false)).toBe(true);
    expect(outboxes.isDue(outboxes.of('t', 1), clock.monotonicMs(), true)).toBe(false);
    expect(outbox.next(identity, seal)?.builder.count).toBe(1);
    expect(outboxes.isFlushed(section)).toBe(false);
    outboxes.acknowledge(outbox, 0);
    expect(outboxes.isFlushed(section)).toBe(true);
    expect(outboxes.isDue(outbox, clock.monotonicMs(), true)).toBe(false);
    outboxes.sendUpTo = Number.POSITIVE_INFINITY;
    expect(outboxes.isDue(outbox, clock.monotonicMs(), true)).toBe(true);
    expect(outbox.next(identity, seal)?.builder.count).toBe(1);
  });

  test('the halves of a batch that was too large stay in its section', () => {
    const clock = new MemoryClock();
    const outboxes = new Outboxes({ maxBatchBytes: 10_000, lingerMs: 5 });
    const identity = new ProducerIdentity(1n, 0, 'id');
    for (let i = 0; i < 4; i += 1) {
      outboxes.add(record(500), 0, clock);
    }
    const section = outboxes.closeSection();
    outboxes.add(record(500), 0, clock);
    const outbox = outboxes.of('t', 0);
    const size = outbox.next(identity, seal)?.sealed?.bytes.length ?? 0;
    outboxes.split(outbox, size, seal);

    expect(outboxes.isFlushed(section)).toBe(false);
    outboxes.acknowledge(outbox, 0);
    expect(outboxes.isFlushed(section)).toBe(false);
    outbox.next(identity, seal);
    outboxes.acknowledge(outbox, 0);
    expect(outboxes.isFlushed(section)).toBe(true);
    expect(outboxes.heldBytes).toBeGreaterThan(500);
  });
});
