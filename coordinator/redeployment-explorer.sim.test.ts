import { expect, test } from 'vitest';
import { explore } from './checkpoints/simulation/explore-testing.ts';
import type { Explored } from './checkpoints/simulation/explore-testing.ts';
import { checkEnd, firstWorld, nextWorlds } from './simulation/explored-redeployment-testing.ts';
import type { RedeploymentScenario } from './simulation/explored-redeployment-testing.ts';

const WIDER: RedeploymentScenario = { from: 1, to: 2, left: { orders: 1, drains: 0, deaths: 1, ticks: 1 } };

test.each<{ readonly what: string; readonly scenario: RedeploymentScenario }>([
  { what: 'a job is rescaled, and the leader dies', scenario: WIDER },
  {
    what: 'a job is rescaled, and a task manager drains',
    scenario: { from: 2, to: 1, left: { orders: 1, drains: 1, deaths: 0, ticks: 2 } },
  },
  {
    what: 'a reactive job gets a task manager more, and another drains',
    scenario: { from: 1, to: undefined, left: { orders: 1, drains: 1, deaths: 0, ticks: 2 } },
  },
  {
    what: 'a reactive job gets a task manager more, and the leader dies',
    scenario: { from: 1, to: undefined, left: { orders: 1, drains: 0, deaths: 1, ticks: 1 } },
  },
])('in every order of every event the promises of a redeployment hold: $what', ({ scenario }) => {
  const explored = visit(scenario);
  if (process.env['NERVE_SIM_VERBOSE'] !== undefined) {
    process.stdout.write(`${JSON.stringify(explored)}\n`);
  }

  expect(explored.states).toBeGreaterThan(1_000);
  expect(explored.ends).toBeGreaterThan(0);
});

test('a redeployment that has begun and is not recorded is noticed', () => {
  expect(() => visit({ ...WIDER, mutation: 'record-not-written' })).toThrow('E3');
});

test('an attempt whose end is reported before it is over is noticed', () => {
  expect(() => visit({ ...WIDER, mutation: 'end-before-it-is-over' })).toThrow('E1');
});

function visit(scenario: RedeploymentScenario): Explored {
  return explore({
    first: firstWorld(scenario),
    next: (world) => nextWorlds(world, scenario),
    onEnd: (world) => {
      checkEnd(world, scenario);
    },
    statesMax: 300_000,
  });
}
