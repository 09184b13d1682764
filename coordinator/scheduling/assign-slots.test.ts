import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SlotPlace } from '../../shared/control/messages.ts';
import { parseSlotIndex, parseTaskManagerId } from '../../shared/ids.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { assignSlots } from './assign-slots.ts';
import type { FreeSlots } from './assign-slots.ts';
import { NO_SUSPECTS, withSuspects } from './suspects.ts';

test('a job gets all its slots or none, and is told what is missing', () => {
  expect(assignSlots(4, [free('a', 4, [0, 2])], AT_FIRST)).toStrictEqual({
    kind: 'missing',
    reason: 'needs 4 slots, 2 free on 1 task manager',
  });
  expect(assignSlots(1, [], AT_FIRST)).toStrictEqual({
    kind: 'missing',
    reason: 'needs 1 slot, 0 free on 0 task managers',
  });
});

test('slots go round the task managers, the least loaded first', () => {
  const places = placesOf(4, [free('a', 4, [1, 2, 3]), free('b', 4, [0, 1, 2, 3])], []);

  expect(places.map(nameOf)).toStrictEqual(['0:b/0', '1:a/1', '2:b/1', '3:a/2']);
});

test('a slot keeps the place it had, where that is free', () => {
  const previous = placesOf(2, [free('b', 1, [0]), free('c', 1, [0])], []);
  const places = placesOf(2, [free('a', 2, [0, 1]), free('c', 1, [0])], previous);

  expect(previous.map(nameOf)).toStrictEqual(['0:b/0', '1:c/0']);
  expect(places.map(nameOf)).toStrictEqual(['0:a/0', '1:c/0']);
});

test('who is suspect is used last, and keeps its places where nobody else has room', () => {
  const previous = placesOf(2, [free('a', 1, [0]), free('b', 1, [0])], []);
  const suspects = withSuspects(
    NO_SUSPECTS,
    previous.map(({ taskManager }) => taskManager),
  );
  const among = (...others: readonly FreeSlots[]): readonly string[] =>
    placesOf(2, [free('a', 1, [0]), free('b', 1, [0]), ...others], previous, suspects).map(nameOf);

  expect(among()).toStrictEqual(['0:a/0', '1:b/0']);
  expect(among(free('c', 1, [0]))).toStrictEqual(['0:c/0', '1:b/0']);
  expect(among(free('c', 2, [0, 1]))).toStrictEqual(['0:c/0', '1:c/1']);
});

test('whichever two do not reach each other, or whoever reaches nobody, an attempt finds some that do, if there are', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 3, max: 6 }),
      fc.nat(),
      fc.nat(),
      fc.option(fc.nat()),
      (count, neededMore, one, other) => {
        const offers = Array.from({ length: count }, (_, i) => free(`tm-${i}`, 1, [0]));
        const needed = 2 + (neededMore % (count - 2));
        const [a, b] = [`tm-${one % count}`, other === null ? undefined : `tm-${other % count}`];
        fc.pre(a !== b);
        const isCut = (used: readonly string[]): boolean => used.includes(a) && (b === undefined || used.includes(b));
        const idsOf = (found: readonly SlotPlace[]): readonly TaskManagerId[] =>
          found.map(({ taskManager }) => taskManager);
        let suspects = NO_SUSPECTS;
        let places: readonly SlotPlace[] = [];

        for (let attempt = 0; attempt < 2 * count && (attempt === 0 || isCut(idsOf(places))); attempt += 1) {
          places = placesOf(needed, offers, places, suspects);
          suspects = withSuspects(suspects, idsOf(places));
        }

        expect(isCut(idsOf(places))).toBe(false);
      },
    ),
    { numRuns: 200 },
  );
});

test('whatever is free: every slot number once, no place twice, and as even as what is free allows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 20 }),
      (sizes, needed) => {
        const offers = sizes.map((size, i) =>
          free(
            `tm-${i}`,
            6,
            Array.from({ length: size }, (_, k) => k),
          ),
        );
        const decision = assignSlots(needed, offers, AT_FIRST);

        if (sizes.reduce((sum, size) => sum + size, 0) < needed) {
          expect(decision.kind).toBe('missing');
          return;
        }
        const places = decision.kind === 'assigned' ? decision.places : [];
        expect(places.map(({ slot }) => slot)).toStrictEqual(Array.from({ length: needed }, (_, i) => i));
        expect(new Set(places.map(({ taskManager, slotIndex }) => `${taskManager}/${slotIndex}`)).size).toBe(needed);
        const given = sizes.map((_, i) => places.filter(({ taskManager }) => taskManager === `tm-${i}`).length);
        const most = Math.max(...given);
        sizes.forEach((size, i) => {
          expect(given[i]).toBeGreaterThanOrEqual(Math.min(size, most - 1));
        });
      },
    ),
  );
});

test('4,000 slots on 1,000 task managers are assigned without a search for each', () => {
  const offers = Array.from({ length: 1_000 }, (_, i) => free(`tm-${i}`, 4, [0, 1, 2, 3]));
  const previous = placesOf(4_000, offers, []);
  const started = performance.now();
  const places = placesOf(4_000, offers.slice(1).concat(free('new', 4, [0, 1, 2, 3])), previous);

  // Far above what it takes, far below what a search for each slot would.
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(places.filter((place, i) => nameOf(place) === nameOf(previous[i] ?? place))).toHaveLength(3_996);
});

const AT_FIRST = { previousPlaces: [], suspects: NO_SUSPECTS };

function free(id: string, slots: number, indices: readonly number[]): FreeSlots {
  return { taskManager: parseTaskManagerId(id), dataAddress: `${id}:1`, slots, free: indices.map(parseSlotIndex) };
}

function placesOf(
  needed: number,
  offers: readonly FreeSlots[],
  previousPlaces: readonly SlotPlace[],
  suspects = NO_SUSPECTS,
): readonly SlotPlace[] {
  const decision = assignSlots(needed, offers, { previousPlaces, suspects });
  return decision.kind === 'assigned' ? decision.places : [];
}

function nameOf({ slot, taskManager, slotIndex }: SlotPlace): string {
  return `${slot}:${taskManager}/${slotIndex}`;
}
