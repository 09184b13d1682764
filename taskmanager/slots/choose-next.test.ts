import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chooseNext } from './choose-next.ts';

describe('the choice of the next subtask', () => {
  test('takes the first runnable one from the cursor on, around the end', () => {
    const runnable = [true, false, true, false];

    expect(chooseNext(4, (i) => runnable[i] === true, 0)).toBe(0);
    expect(chooseNext(4, (i) => runnable[i] === true, 1)).toBe(2);
    expect(chooseNext(4, (i) => runnable[i] === true, 3)).toBe(0);
    expect(chooseNext(4, () => false, 2)).toBeUndefined();
    expect(chooseNext(0, () => true, 0)).toBeUndefined();
  });

  test('a subtask that stays runnable is chosen within as many choices as there are subtasks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        fc.array(fc.boolean(), { minLength: 1 }),
        fc.nat(),
        (count, stay, others, cursor) => {
          const draw = cycle(others);
          const patient = stay % count;
          let at = cursor % count;
          for (let choice = 0; choice < count; choice += 1) {
            const next = chooseNext(count, (i) => i === patient || draw(), at);
            if (next === patient) {
              return;
            }
            at = (next ?? 0) + 1;
          }
          throw new Error('it was not chosen');
        },
      ),
    );
  });

  test('slots that shuffle into each other through queues of one record never stand still', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
        (slots, room, records, choices) => {
          const world = new ShuffleWorld(slots, room, records);

          world.runUntilStill(cycle(choices));

          expect(world.arrived).toBe(slots * records);
        },
      ),
    );
  });
});

/**
 * A source, a relay and a sink in each slot; source → relay and relay → sink are shuffles over all slots, each channel a
 * queue with `room`. A run of a subtask moves one record, which may leave a queue one over its room (the overdraft).
 */
class ShuffleWorld {
  arrived = 0;
  readonly #room: number;
  readonly #left: number[];
  readonly #toRelay: number[][];
  readonly #toSink: number[][];
  readonly #cursors: number[];

  constructor(slots: number, room: number, records: number) {
    this.#room = room;
    this.#left = Array.from({ length: slots }, () => records);
    this.#toRelay = square(slots);
    this.#toSink = square(slots);
    this.#cursors = Array.from({ length: slots }, () => 0);
  }

  /** Lets slots run in an arbitrary order until no slot has a runnable subtask. */
  runUntilStill(choose: () => number): void {
    const slots = this.#left.length;
    for (;;) {
      const able = Array.from({ length: slots }, (_, slot) => slot).filter((slot) => this.#next(slot) !== undefined);
      if (able.length === 0) {
        return;
      }
      const slot = able[choose() % able.length]!;
      const task = this.#next(slot)!;
      this.#cursors[slot] = task + 1;
      this.#run(slot, task, choose);
    }
  }

  #next(slot: number): number | undefined {
    return chooseNext(3, (task) => this.#isRunnable(slot, task), this.#cursors[slot]!);
  }

  #isRunnable(slot: number, task: number): boolean {
    switch (task) {
      case 0:
        return hasInput(this.#toSink, slot);
      case 1:
        return hasInput(this.#toRelay, slot) && this.#hasRoom(this.#toSink, slot);
      default:
        return this.#left[slot]! > 0 && this.#hasRoom(this.#toRelay, slot);
    }
  }

  #run(slot: number, task: number, choose: () => number): void {
    const target = choose() % this.#left.length;
    if (task === 0) {
      takeOne(this.#toSink, slot);
      this.arrived += 1;
    } else if (task === 1) {
      takeOne(this.#toRelay, slot);
      this.#toSink[slot]![target]! += 1;
    } else {
      this.#left[slot]! -= 1;
      this.#toRelay[slot]![target]! += 1;
    }
  }

  #hasRoom(queues: number[][], from: number): boolean {
    return queues[from]!.every((length) => length < this.#room);
  }
}

/** The values one after the other, for ever. */
function cycle<T>(values: readonly T[]): () => T {
  let at = 0;
  return () => {
    at += 1;
    return values[at % values.length]!;
  };
}

function square(size: number): number[][] {
  return Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
}

function hasInput(queues: number[][], to: number): boolean {
  return queues.some((row) => row[to]! > 0);
}

function takeOne(queues: number[][], to: number): void {
  const row = queues.find((candidate) => candidate[to]! > 0)!;
  row[to]! -= 1;
}
