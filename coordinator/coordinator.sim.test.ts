import { expect, test } from 'vitest';
import { ONLY_SEED, tallySeeds } from './simulation/node-tally-seeds-testing.ts';
import { KERNEL_MUTATIONS, SimulatedWorld } from './simulation/simulated-world-testing.ts';
import type { KernelMutation } from './simulation/simulated-world-testing.ts';

const SEEDS = 4_000;

test('whatever fails and when: no attempt overlaps another, no slot is shared, no split is read twice, every job ends', () => {
  const entered = tallySeeds(SEEDS, 'coordinator', (seed) => {
    const world = new SimulatedWorld(seed);
    world.run();
    return [...world.invariants.entered, ...world.happened];
  });

  // A simulation in which nothing ever fails proves nothing: each state must have been reached often.
  if (ONLY_SEED === undefined) {
    for (const state of [
      'restarting',
      'cancelling',
      'failing',
      'finishing',
      'finished',
      'failed',
      'cancelled',
      'recovering',
      'adopted',
      'leaders',
      'checkpoints',
      'failed checkpoints',
      'committed',
      'drained',
      'redeployment begun',
      'redeployment refused',
      'rescaled: asked-for',
      'rescaled: more-slots',
      'rescaled: slots-there-are',
      'rescaled: task-manager-leaves',
      'not redeployed',
    ] as const) {
      expect(entered.get(state) ?? 0, state).toBeGreaterThan(20);
    }
  }
});

/** Seeds until a mutated world is noticed: a broken promise, or a job that does not come to its end. */
function seedsUntilNoticed(mutation: KernelMutation): number {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      new SimulatedWorld(seed, mutation).run();
    } catch {
      return seed;
    }
  }
  return Number.POSITIVE_INFINITY;
}

test.each(KERNEL_MUTATIONS)('a new leader that breaks the protocol is noticed: %s', (mutation) => {
  expect(seedsUntilNoticed(mutation)).toBeLessThan(SEEDS);
});

test('the same seed gives the same run', () => {
  const run = (): string => {
    const world = new SimulatedWorld(42);
    world.run();
    return JSON.stringify([...world.invariants.stored.values()]);
  };

  expect(run()).toBe(run());
});
