import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import { ChannelInput } from '../input/channel-input.ts';
import { FrameGate } from '../input/frame-gate.ts';
import { CollectingConsumer, textSerializer } from './exchange-testing.ts';
import { HEAD_BYTES } from './frame-codec.ts';
import { FramePool } from './frame-pool.ts';
import { FrameWriter } from './frame-writer.ts';
import { LocalFeedback, LocalLink } from './local-link.ts';
import { UnsentFrames } from './unsent-frames.ts';

const barrier = (id: bigint): ControlElement => ({
  kind: 'barrier',
  checkpoint: parseCheckpointId(id),
  triggeredAtMs: 12.5,
});
const end: ControlElement = { kind: 'end-of-input' };

const record = fc.record({
  value: fc.string({ maxLength: 300 }),
  timestampMs: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
  key: fc.option(fc.string({ maxLength: 12, unit: 'grapheme' }), { nil: undefined }),
});
const control = fc.oneof(
  fc.double({ noNaN: true }).map((timestampMs): ControlElement => ({ kind: 'watermark', timestampMs })),
  fc.constantFrom('active', 'idle').map((status): ControlElement => ({ kind: 'watermark-status', status })),
  fc.bigInt({ min: 1n, max: 2n ** 62n }).map(barrier),
  fc.bigInt({ min: 1n, max: 2n ** 62n }).map((id): ControlElement => ({
    kind: 'cancel-marker',
    checkpoint: parseCheckpointId(id),
  })),
);

/** Writes straight into the frame, like a serializer made for speed. */
const directSerializer: Serializer<unknown> = {
  ...textSerializer,
  encodeInto: (value, target, offset) => {
    const bytes = Buffer.byteLength(String(value));
    return offset + bytes > target.length ? -1 : offset + target.write(String(value), offset);
  },
};

describe('a channel', () => {
  test.each([
    ['that encodes first', textSerializer],
    ['that encodes into the frame', directSerializer],
  ])('%s hands over any elements unchanged and in order, with any size of frame', (_, serializer) => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(record, control), { maxLength: 40 }),
        fc.integer({ min: HEAD_BYTES + 20, max: 400 }),
        fc.integer({ min: 1, max: 4 }),
        (elements, frameBytes, creditsMax) => {
          const channel = openChannel({ serializer, frameBytes, creditsMax });

          for (const element of elements) {
            channel.write(element);
          }
          channel.write(end);
          channel.readAll();

          expect(channel.consumer.elements).toStrictEqual(
            [...elements, end].map((element) =>
              'kind' in element ? { channel: 0, control: element } : { channel: 0, ...element },
            ),
          );
          expect(channel.writer.isDrained).toBe(true);
          expect(channel.writer.isWritable).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('stops being writable when its queue is full, and never sends more than its credits', () => {
    const channel = openChannel({ frameBytes: HEAD_BYTES + 20, creditsMax: 2, queuedFramesMax: 2 });

    let written = 0;
    while (channel.writer.isWritable) {
      channel.writer.writeRecord('0123456789', undefined, undefined);
      written += 1;
    }

    expect(written).toBe(5); // two under way, two queued, one being filled
    expect(channel.gate.queuedFrames).toBe(2);
    channel.gate.poll(1, channel.consumer);
    expect(channel.writer.isWritable).toBe(true);
  });

  test('sends what it has on flush, and knows since when it waited', async () => {
    const channel = openChannel({ frameBytes: 1000, creditsMax: 2 });

    channel.writer.writeRecord('a', undefined, undefined);
    await channel.clock.advance(7);
    channel.writer.writeRecord('b', undefined, undefined);

    expect(channel.gate.hasInput).toBe(false);
    expect(channel.writer.unsentSinceMs).toBe(0);
    channel.unsent.flushWrittenBefore(-1);
    expect(channel.gate.hasInput).toBe(false);
    channel.unsent.flushWrittenBefore(2);
    expect(channel.gate.hasInput).toBe(true);
    expect(channel.writer.unsentSinceMs).toBe(undefined);
  });

  test('keeps an unfilled frame back while there is no credit: it may still be filled', () => {
    const channel = openChannel({ frameBytes: 1000, creditsMax: 1 });

    channel.writer.writeRecord('a', undefined, undefined);
    channel.writer.flush();
    channel.writer.writeRecord('b', undefined, undefined);
    channel.writer.flush();

    expect(channel.gate.queuedFrames).toBe(1);
    channel.gate.poll(10, channel.consumer);
    channel.unsent.flushWrittenBefore(Infinity);
    expect(channel.gate.queuedFrames).toBe(1);
  });

  test('sends nothing behind a barrier until it is resumed', () => {
    const channel = openChannel({ frameBytes: 100, creditsMax: 4, waitsAtBarrier: true });
    channel.consumer.onControl = (index) => {
      channel.gate.block(index);
    };

    channel.writer.writeRecord('before', undefined, undefined);
    channel.writer.writeControl(barrier(1n));
    channel.writer.writeRecord('behind', undefined, undefined);
    channel.writer.writeControl(barrier(2n));
    channel.readAll();

    expect(channel.consumer.elements).toHaveLength(2);
    expect(channel.gate.hasInput).toBe(false);
    channel.gate.resume(0);
    channel.readAll();
    expect(channel.consumer.elements).toHaveLength(4);
    channel.gate.resume(0);
    channel.gate.resume(0);
    expect(channel.writer.isDrained).toBe(true);
  });

  test('refuses a record above the limit, and an overdraft without bound', () => {
    const channel = openChannel({ frameBytes: 100, creditsMax: 1, recordBytesMax: 200, overdraftBytesMax: 1000 });

    expect(() => {
      channel.writer.writeRecord('x'.repeat(300), undefined, undefined);
    }).toThrow('above the limit of 200');
    expect(() => {
      for (let i = 0; i < 100; i += 1) {
        channel.writer.writeRecord('0123456789', undefined, undefined);
      }
    }).toThrow('more than one record or timer may emit');
  });

  test('hands over nothing more once the consumer says stop, and goes on where it stopped', () => {
    const channel = openChannel({ frameBytes: 1000, creditsMax: 4 });
    for (const value of ['a', 'b', 'c']) {
      channel.writer.writeRecord(value, undefined, undefined);
    }
    channel.writer.flush();
    channel.consumer.stopAt = 2;

    expect(channel.gate.poll(10, channel.consumer)).toBe(2);
    expect(channel.gate.hasInput).toBe(true);
    expect(channel.gate.poll(10, channel.consumer)).toBe(1);
    expect(channel.consumer.elements).toMatchObject([{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
  });

  test('refuses a write behind the end of input', () => {
    const channel = openChannel({ frameBytes: 100, creditsMax: 1 });
    channel.writer.writeControl(end);

    expect(() => {
      channel.writer.writeRecord('late', undefined, undefined);
    }).toThrow('behind the end of input');
  });

  test('fails when a frame is missing, repeated, or sent without credit', () => {
    const { input } = openChannel({ frameBytes: 100, creditsMax: 1 });
    const payload = Buffer.from([1, 0, 0, 0, 0]);
    const frame = (seq: number) => ({ kind: 'data', seq, payload, part: { kind: 'whole' } }) as const;

    expect(() => {
      input.receive(frame(1));
    }).toThrow('source#0 → sink#0: expected frame 0, got 1');
    input.receive(frame(0));
    expect(() => {
      input.receive(frame(0));
    }).toThrow('expected frame 1');
    expect(() => {
      input.receive(frame(1));
    }).toThrow('without credit');
  });

  test('never misreads bytes that are no elements', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        const { gate, consumer, arrive } = openChannel({ frameBytes: 100, creditsMax: 1 });
        arrive(Buffer.from(bytes));

        try {
          gate.poll(100, consumer);
        } catch (error) {
          expect(error).toMatchObject({ failure: { code: 'exchange-malformed' } });
        }
      }),
      { numRuns: 500 },
    );
  });
});

interface ChannelOptions {
  readonly serializer?: Serializer<unknown>;
  readonly frameBytes: number;
  readonly creditsMax: number;
  readonly queuedFramesMax?: number;
  readonly recordBytesMax?: number;
  readonly overdraftBytesMax?: number;
  readonly waitsAtBarrier?: boolean;
}

function openChannel(options: ChannelOptions) {
  const clock = new MemoryClock();
  const unsent = new UnsentFrames();
  const feedback = new LocalFeedback();
  const shared = {
    name: 'source#0 → sink#0',
    serializer: options.serializer ?? textSerializer,
    creditsMax: options.creditsMax,
    recordBytesMax: options.recordBytesMax ?? 100_000,
    waitsAtBarrier: options.waitsAtBarrier ?? false,
  };
  const input = new ChannelInput({ ...shared, channel: 0, input: 0, producer: 'source#0', feedback });
  const gate = new FrameGate([input]);
  const writer = new FrameWriter({
    ...shared,
    frameBytes: options.frameBytes,
    queuedFramesMax: options.queuedFramesMax ?? 2,
    overdraftBytesMax: options.overdraftBytesMax ?? 1_000_000,
    link: new LocalLink((frame) => {
      input.receive(frame);
      gate.onArrival(0);
    }),
    pool: new FramePool(),
    unsent,
    clock,
    onWritable: () => undefined,
  });
  feedback.connect((message) => {
    writer.onFeedback(message);
  });
  const consumer = new CollectingConsumer();
  return {
    clock,
    unsent,
    input,
    gate,
    writer,
    consumer,
    /** Bytes that no writer sent. */
    arrive: (payload: Buffer): void => {
      feedback.connect(() => undefined);
      input.receive({ kind: 'data', seq: 0, payload, part: { kind: 'whole' } });
      gate.onArrival(0);
    },
    write: (
      element: ControlElement | { value: string; timestampMs: number | undefined; key: string | undefined },
    ): void => {
      if ('kind' in element) {
        writer.writeControl(element);
      } else {
        const key = element.key === undefined ? undefined : Buffer.from(element.key);
        writer.writeRecord(element.value, element.timestampMs, key);
      }
    },
    readAll: (): void => {
      writer.flush();
      while (gate.hasInput) {
        gate.poll(3, consumer);
        writer.flush();
      }
    },
  };
}
