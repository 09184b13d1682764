import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { END_OF_TIME_MS } from '../../shared/stream-element.ts';
import type { TimeElement } from '../../shared/stream-element.ts';
import { WatermarkValve } from './watermark-valve.ts';

const at = (timestampMs: number): TimeElement => ({ kind: 'watermark', timestampMs });
const IDLE: TimeElement = { kind: 'watermark-status', status: 'idle' };
const ACTIVE: TimeElement = { kind: 'watermark-status', status: 'active' };

describe('the watermark valve', () => {
  test('lets out the least of its channels', () => {
    const valve = new WatermarkValve(2);

    expect([
      valve.watermark(0, 10),
      valve.watermark(1, 5),
      valve.watermark(1, 20),
      valve.watermark(1, 3),
    ]).toStrictEqual([[], [at(5)], [at(10)], []]);
  });

  test('does not wait for a channel that is idle, and not for it to catch up when it comes back', () => {
    const valve = new WatermarkValve(2);

    expect(valve.watermark(0, 10)).toStrictEqual([]);
    expect(valve.idle(1)).toStrictEqual([at(10)]);
    expect(valve.active(1)).toStrictEqual([]);
    expect(valve.watermark(0, 20)).toStrictEqual([at(20)]);
    expect(valve.watermark(1, 15)).toStrictEqual([]);
    expect(valve.watermark(1, 25)).toStrictEqual([]);
    expect(valve.watermark(0, 30)).toStrictEqual([at(25)]);
  });

  test('gives the furthest before it falls idle, in whatever order its channels do', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const valve = new WatermarkValve(2);
      valve.watermark(0, 10);
      valve.watermark(1, 30);

      const out = order.flatMap((channel) => valve.idle(channel));

      expect(out.at(-1)).toStrictEqual(IDLE);
      expect(out.findLast(({ kind }) => kind === 'watermark')).toStrictEqual(at(30));
    }
  });

  test('wakes before it says anything else, and derives the least anew (FLINK-40475)', () => {
    const valve = new WatermarkValve(2);
    valve.watermark(0, 10);
    valve.watermark(1, 5);
    valve.idle(0);
    valve.idle(1);

    expect(valve.active(0)).toStrictEqual([ACTIVE]);
    expect(valve.watermark(0, 40)).toStrictEqual([at(40)]);
  });

  test('does not jump to the end of time while a channel is only idle (FLINK-38477)', () => {
    const valve = new WatermarkValve(2);
    valve.watermark(0, 10);
    valve.watermark(1, 20);
    valve.idle(1);

    expect(valve.finished(0)).toStrictEqual([at(20), IDLE]);
    expect(valve.active(1)).toStrictEqual([ACTIVE]);
    expect(valve.finished(1)).toStrictEqual([at(END_OF_TIME_MS)]);
  });

  test('reaches the end of time when all have finished, also out of idleness (FLINK-40499)', () => {
    const valve = new WatermarkValve(2);
    valve.idle(0);
    valve.idle(1);

    expect(valve.finished(0)).toStrictEqual([]);
    expect(valve.finished(1)).toStrictEqual([ACTIVE, at(END_OF_TIME_MS)]);
  });

  test('never goes back, says nothing while idle, and never passes an active channel that keeps up (W1, W2, W4)', () => {
    const event = fc.record({
      kind: fc.constantFrom(
        'watermark' as const,
        'watermark' as const,
        'idle' as const,
        'active' as const,
        'finished' as const,
      ),
      channel: fc.integer({ min: 0, max: 2 }),
      by: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const valve = new WatermarkValve(3);
        const channels = [0, 1, 2].map(() => ({ ms: -1, status: 'active' }));
        let outMs = -Infinity;
        let isIdle = false;
        for (const { kind, channel, by } of events) {
          const own = channels[channel]!;
          if (kind === 'watermark') {
            if (own.status !== 'active') {
              continue;
            }
            own.ms += by;
          } else if (own.status === 'finished' || (kind === 'active' && own.status !== 'idle') || own.status === kind) {
            continue;
          } else {
            own.status = kind;
          }
          const steps = kind === 'watermark' ? valve.watermark(channel, own.ms) : valve[kind](channel);
          for (const step of steps) {
            if (step.kind === 'watermark-status') {
              expect(step.status === 'idle').toBe(!isIdle);
              isIdle = step.status === 'idle';
              continue;
            }
            expect(isIdle).toBe(false);
            expect(step.timestampMs).toBeGreaterThan(outMs);
            const keepingUp = channels.filter(({ status, ms }) => status === 'active' && ms > outMs);
            expect(keepingUp.every(({ ms }) => ms >= step.timestampMs)).toBe(true);
            outMs = step.timestampMs;
          }
          const isEnd = channels.every(({ status }) => status === 'finished');
          expect(outMs === END_OF_TIME_MS).toBe(isEnd);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
