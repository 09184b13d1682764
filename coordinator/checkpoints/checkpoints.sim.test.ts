import { describe, expect, test } from 'vitest';
import { ONLY_SEED, tallySeeds } from '../simulation/node-tally-seeds-testing.ts';
import { ProtocolViolation } from './simulation/protocol-invariants-testing.ts';
import { MUTATIONS } from './simulation/protocol-mutation-testing.ts';
import type { Mutation } from './simulation/protocol-mutation-testing.ts';
import { SimulatedWorld } from './simulation/simulated-world-testing.ts';

const SEEDS = 10_000;
/** More than enough: most are noticed within ten, the rarest within a hundred. */
const SEEDS_OF_A_MUTATION = 1_000;

test('whatever fails and when: nothing is lost, nothing is doubled, and the job stops in the end', () => {
  const seen = tallySeeds(SEEDS, 'coordinator/checkpoints', (seed) => {
    const world = new SimulatedWorld(seed);
    world.run();
    return [...Object.entries(world.seen), ...world.reasons];
  });

  // A simulation in which nothing ever fails proves nothing: each of these must have happened often.
  if (ONLY_SEED === undefined) {
    for (const what of EXPECTED) {
      expect(seen.get(what) ?? 0, what).toBeGreaterThan(5);
    }
  }
});

const EXPECTED = [
  'attempts',
  'adoptions',
  'completed',
  'ambiguousRecords',
  'unknownAnswers',
  'fencedLeaders',
  'fencedWrites',
  'expiredTransactions',
  'crashes',
  'pauses',
  'savepoints',
  'declined',
  'expired',
  'subsumed',
  'task-manager-lost',
  'committable-too-old',
  'checkpoints-failing',
];

describe.skipIf(ONLY_SEED !== undefined)('a broken protocol is noticed:', () => {
  test.each(MUTATIONS)('%s', (mutation) => {
    const seeds = seedsUntilNoticed(mutation);
    if (process.env['NERVE_SIM_VERBOSE'] !== undefined) {
      process.stdout.write(`${mutation} noticed at seed ${seeds}\n`);
    }

    expect(seeds).toBeLessThanOrEqual(SEEDS_OF_A_MUTATION);
  });
});

test('the same seed gives the same run', () => {
  const run = (): string => {
    const world = new SimulatedWorld(42);
    world.run();
    return JSON.stringify([[...world.invariants.committed], world.seen, [...world.reasons]]);
  };

  expect(run()).toBe(run());
});

function seedsUntilNoticed(mutation: Mutation): number {
  for (let seed = 1; seed <= SEEDS_OF_A_MUTATION; seed += 1) {
    try {
      new SimulatedWorld(seed, mutation).run();
    } catch (error) {
      if (error instanceof ProtocolViolation) {
        return seed;
      }
      throw error;
    }
  }
  return Number.POSITIVE_INFINITY;
}
