import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseParallelism } from './choose-parallelism.ts';

/** Slots of a job of slot sharing groups: in each the greatest of its operators' parallelisms, some of which are their own. */
const jobs = fc
  .array(fc.record({ own: fc.nat(20), follows: fc.boolean() }), { minLength: 1, maxLength: 3 })
  .map(
    (groups) => (parallelism: number) =>
      groups.reduce((sum, { own, follows }) => sum + Math.max(own, follows ? parallelism : 1), 0),
  );
const bounds = fc
  .record({ least: fc.integer({ min: 1, max: 20 }), more: fc.nat(60) })
  .map(({ least, more }) => ({ least, most: least + more }));

describe('the parallelism that slots give', () => {
  test('is the greatest within the bounds that fits', () => {
    fc.assert(
      fc.property(jobs, bounds, fc.nat(100), (slotsAt, { least, most }, slots) => {
        const all = Array.from({ length: most - least + 1 }, (_, i) => least + i);
        const greatest = all.filter((parallelism) => slotsAt(parallelism) <= slots).at(-1);

        expect(chooseParallelism(slots, { least, most }, slotsAt)?.parallelism).toBe(greatest);
      }),
    );
  });

  test('stays the same until there are the slots at which it says that it grows, and no longer', () => {
    fc.assert(
      fc.property(jobs, bounds, fc.nat(100), (slotsAt, within, slots) => {
        const chosen = chooseParallelism(slots, within, slotsAt);
        const growsAt = chosen?.growsAtSlots;

        if (chosen !== undefined && growsAt !== undefined) {
          expect(growsAt).toBeGreaterThan(slots);
          expect(chooseParallelism(growsAt - 1, within, slotsAt)?.parallelism).toBe(chosen.parallelism);
          expect(chooseParallelism(growsAt, within, slotsAt)?.parallelism).toBeGreaterThan(chosen.parallelism);
        } else if (chosen !== undefined) {
          expect(chosen.parallelism).toBe(within.most);
        }
      }),
    );
  });

  test('is found by three drawings where a parallelism takes as many slots', () => {
    const drawn: number[] = [];
    const chosen = chooseParallelism(37, { least: 1, most: 1_024 }, (parallelism) => {
      drawn.push(parallelism);
      return parallelism;
    });

    expect(chosen).toStrictEqual({ parallelism: 37, growsAtSlots: 38 });
    expect(new Set(drawn)).toStrictEqual(new Set([1, 37, 38]));
  });

  test('fits also where slots fall as parallelism grows', () => {
    const slotsAt = (parallelism: number): number => (parallelism % 3 === 0 ? 9 : 2);
    const chosen = chooseParallelism(2, { least: 1, most: 7 }, slotsAt);

    expect(slotsAt(chosen?.parallelism ?? 0)).toBe(2);
  });
});
