import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideGrowth, decideStart } from './scale-reactive.ts';
import type { Growing, ReactiveShape, ScalingSettings } from './scale-reactive.ts';

const settings: ScalingSettings = { cooldownMs: 30_000, stabilizationMs: 60_000, failedCheckpointsMax: 2 };
const shape: ReactiveShape = { least: 1, most: 8, slotsAtLeast: 1, slotsAtMost: 8, growsAtSlots: 3 };
const fresh: Growing = { cooldownFrom: 0, moreSince: undefined };

function grow(
  now: number,
  available: number,
  standing: Growing,
  doOthersWait = false,
): ReturnType<typeof decideGrowth> {
  return decideGrowth(shape, { available, doOthersWait }, standing, { now, settings });
}

describe('a reactive job that runs', () => {
  test('grows when more slots have been there for the stabilisation time', () => {
    expect(grow(100_000, 4, fresh)).toStrictEqual({ moreSince: 100_000, slots: undefined });
    expect(grow(159_999, 4, { ...fresh, moreSince: 100_000 }).slots).toBeUndefined();
    expect(grow(160_000, 5, { ...fresh, moreSince: 100_000 })).toStrictEqual({ moreSince: 100_000, slots: 5 });
  });

  test('waits no longer for slots to settle when they are all that it could ever use, but for its cooldown', () => {
    expect(grow(30_000, 8, fresh).slots).toBe(8);
    expect(grow(29_999, 8, fresh).slots).toBeUndefined();
    expect(grow(31_000, 8, { ...fresh, cooldownFrom: 1_001 }).slots).toBeUndefined();
  });

  test('begins to wait anew when slots went meanwhile, or another job waits for some', () => {
    const waiting = { ...fresh, moreSince: 100_000 };

    expect(grow(150_000, 2, waiting)).toStrictEqual({ moreSince: undefined, slots: undefined });
    expect(grow(170_000, 4, waiting, true)).toStrictEqual({ moreSince: undefined, slots: undefined });
  });

  test('never grows at its most', () => {
    const { growsAtSlots, ...most } = shape;

    expect(growsAtSlots).toBe(3);
    expect(
      decideGrowth(most, { available: 99, doOthersWait: false }, fresh, { now: 1e9, settings }).slots,
    ).toBeUndefined();
  });

  test('grows only when S2 holds over all that it has seen', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ms: fc.nat(20_000), available: fc.nat(9), others: fc.boolean() }), { maxLength: 60 }),
        (moments) => {
          let standing = fresh;
          let now = 0;
          let quietSince: number | undefined;
          for (const { ms, available, others } of moments) {
            now += ms;
            const isMore = available >= 3 && !others;
            quietSince = isMore ? (quietSince ?? now) : undefined;
            const { moreSince, slots } = grow(now, available, standing, others);
            const isDue = quietSince !== undefined && (available >= 8 || now - quietSince >= 60_000) && now >= 30_000;

            expect(moreSince).toBe(quietSince);
            expect(slots).toBe(isDue ? available : undefined);
            standing = { ...standing, moreSince };
          }
        },
      ),
    );
  });
});

describe('a reactive job that starts', () => {
  const wide: ReactiveShape = { least: 2, most: 8, slotsAtLeast: 2, slotsAtMost: 8, growsAtSlots: 5 };

  test('starts as it is when that is what its slots give', () => {
    expect(decideStart(4, wide, { free: 4, claimed: 0, maySettle: false })).toStrictEqual({ kind: 'start' });
    expect(decideStart(4, wide, { free: 6, claimed: 2, maySettle: false })).toStrictEqual({ kind: 'start' });
  });

  test('is drawn for fewer, and for more, at once', () => {
    expect(decideStart(4, wide, { free: 3, claimed: 0, maySettle: false })).toStrictEqual({ kind: 'shape', slots: 3 });
    expect(decideStart(4, wide, { free: 7, claimed: 1, maySettle: false })).toStrictEqual({ kind: 'shape', slots: 6 });
  });

  test('leaves to others what they wait for, but for its own least', () => {
    expect(decideStart(4, wide, { free: 5, claimed: 2, maySettle: false })).toStrictEqual({ kind: 'shape', slots: 3 });
    expect(decideStart(4, wide, { free: 5, claimed: 9, maySettle: false })).toStrictEqual({ kind: 'shape', slots: 2 });
  });

  test('waits for more before it shrinks where more may come in a moment, but not before it starts as it is', () => {
    expect(decideStart(4, wide, { free: 3, claimed: 0, maySettle: true })).toStrictEqual({ kind: 'settle' });
    expect(decideStart(4, wide, { free: 4, claimed: 0, maySettle: true })).toStrictEqual({ kind: 'start' });
    expect(decideStart(2, wide, { free: 7, claimed: 0, maySettle: true })).toStrictEqual({ kind: 'shape', slots: 7 });
  });

  test('waits when there are too few for its least', () => {
    expect(decideStart(4, wide, { free: 1, claimed: 0, maySettle: false })).toStrictEqual({ kind: 'wait' });
  });

  test('is never drawn for more than is free, nor for less than its least', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.integer({ min: 2, max: 8 }), (free, claimed, needed) => {
        const decision = decideStart(needed, wide, { free, claimed, maySettle: false });

        if (decision.kind === 'shape') {
          expect(decision.slots).toBeGreaterThanOrEqual(2);
          expect(decision.slots).toBeLessThanOrEqual(free);
        }
        expect(decision.kind === 'wait').toBe(free < 2);
        expect(decision.kind !== 'start' || needed <= free).toBe(true);
      }),
    );
  });
});
