import { describe, expect, test } from 'vitest';
import { ProtocolViolation } from './simulation/protocol-invariants-testing.ts';
import { MUTATIONS } from './simulation/protocol-mutation-testing.ts';
import type { Mutation } from './simulation/protocol-mutation-testing.ts';
import { SimulatedWorld } from './simulation/simulated-world-testing.ts';

const SEEDS = 10_000;
/** More than enough: most are noticed within ten, the rarest within a hundred. */
const SEEDS_OF_A_MUTATION = 1_000;
/** Runs one seed only: NERVE_SEED=17 vitest run --project sim coordinator/checkpoints */
const only = process.env['NERVE_SEED'];

test('whatever fails and when: nothing is lost, nothing is doubled, and the job stops in the end', () => {
  const seen = new Map<string, number>();
  const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, i) => i + 1) : [Number(only)];
  for (const seed of seeds) {
    const world = new SimulatedWorld(seed);
    try {
      world.run();
    } catch (error) {
      const replay = `replay with NERVE_SEED=${seed} vitest run --project sim coordinator/checkpoints`;
      throw new Error(`seed ${seed} failed: ${String(error)}; ${replay}`, { cause: error });
    }
    for (const [what, count] of [...Object.entries(world.seen), ...world.reasons]) {
      seen.set(what, (seen.get(what) ?? 0) + count);
    }
  }
  if (process.env['NERVE_SIM_VERBOSE'] !== undefined) {
    process.stdout.write(`${JSON.stringify([...seen])}\n`);
  }

  // A simulation in which nothing ever fails proves nothing: each of these must have happened often.
  if (only === undefined) {
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

describe.skipIf(only !== undefined)('a broken protocol is noticed:', () => {
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
