import fc from 'fast-check';
fc.configureGlobal({ numRuns: 2000 });
import { describe, expect, test } from 'vitest';
import { boundedOutOfOrderness } from '../../shared/functions/watermarks.ts';
import { parseSplitId } from '../../shared/ids.ts';
import type { TimeElement } from '../../shared/stream-element.ts';
import { SplitWatermarks } from './split-watermarks.ts';

const [A, B] = [parseSplitId('a'), parseSplitId('b')];
const at = (timestampMs: number): TimeElement => ({ kind: 'watermark', timestampMs });
const IDLE: TimeElement = { kind: 'watermark-status', status: 'idle' };
const ACTIVE: TimeElement = { kind: 'watermark-status', status: 'active' };
const both = new Set([A, B]);

describe('the watermarks of a source', () => {
  test('are the least of its splits, less the delay, and only when the clock ticks', () => {
    const watermarks = new SplitWatermarks({ maxDelayMs: 10, idleAfterMs: undefined });
    watermarks.record(A, 100);
    expect(watermarks.tick(200, both)).toStrictEqual([]);
    watermarks.record(B, 300);
    watermarks.record(B, 250);

    expect(watermarks.tick(400, both)).toStrictEqual([at(89)]);
    watermarks.record(A, 500);
    expect(watermarks.tick(600, both)).toStrictEqual([at(289)]);
    expect(watermarks.tick(800, both)).toStrictEqual([]);
  });

  test('do not wait for a split that is quiet for long, nor for one that has ended', () => {
    const watermarks = new SplitWatermarks({ maxDelayMs: 0, idleAfterMs: 1_000 });
    watermarks.tick(0, both);
    watermarks.record(A, 100);
    watermarks.tick(600, both);
    watermarks.record(A, 200);
    expect(watermarks.tick(1_000, both)).toStrictEqual([at(199)]);

    const ended = new SplitWatermarks({ maxDelayMs: 0, idleAfterMs: undefined });
    ended.record(A, 100);
    ended.record(B, 50);
    expect(ended.tick(200, new Set([A]))).toStrictEqual([at(99)]);
  });

  test('say that the source is idle when all splits are, or when it has none, and wake before they go on', () => {
    const watermarks = new SplitWatermarks({ maxDelayMs: 0, idleAfterMs: 1_000 });
    expect(watermarks.tick(0, new Set())).toStrictEqual([IDLE]);
    expect(watermarks.tick(200, both)).toStrictEqual([ACTIVE]);
    watermarks.record(A, 100);
    watermarks.record(B, 900);
    expect(watermarks.tick(400, both)).toStrictEqual([at(99)]);
    expect(watermarks.tick(1_500, both)).toStrictEqual([at(899), IDLE]);
    expect(watermarks.tick(1_700, both)).toStrictEqual([]);
    watermarks.record(A, 1_500);
    expect(watermarks.tick(1_900, both)).toStrictEqual([ACTIVE, at(1_499)]);
  });

  test('never go back, and never pass a record of a split that is not idle by more than its delay', () => {
    const event = fc.record({
      split: fc.constantFrom(A, B),
      ms: fc.integer({ min: 0, max: 500 }),
      ticks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const watermarks = new SplitWatermarks({ maxDelayMs: 20, idleAfterMs: undefined });
        const latest = new Map([
          [A, -Infinity],
          [B, -Infinity],
        ]);
        let out = -Infinity;
        for (const [i, { split, ms, ticks }] of events.entries()) {
          watermarks.record(split, ms);
          latest.set(split, Math.max(latest.get(split) ?? 0, ms));
          for (const step of ticks ? watermarks.tick(i, both) : []) {
            const least = Math.min(...latest.values());
            expect(step).toStrictEqual(at(least - 21));
            expect(least - 21).toBeGreaterThan(out);
            out = least - 21;
          }
        }
      }),
    );
  });
});

describe('the strategy', () => {
  test('takes durations as people write them', () => {
    expect(boundedOutOfOrderness({ maxDelay: '5m', idleAfter: 250 })).toMatchObject({
      maxDelayMs: 300_000,
      idleAfterMs: 250,
    });
  });

  test.each(['5 fortnights', -1, NaN])('refuses %s', (maxDelay) => {
    expect(() => boundedOutOfOrderness({ maxDelay })).toThrow(/maxDelay must be a duration/);
  });
});
