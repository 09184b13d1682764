import { expect, test } from 'vitest';
import { explore } from './simulation/explore-testing.ts';
import { checkProtocolEnd, firstProtocolState, nextProtocolStates } from './simulation/explored-protocol-testing.ts';

test('in every order of every event of a small world the promises hold, and nothing is left half done', () => {
  const explored = explore({
    first: firstProtocolState(),
    next: nextProtocolStates,
    onEnd: checkProtocolEnd,
    statesMax: 500_000,
  });
  if (process.env['NERVE_SIM_VERBOSE'] !== undefined) {
    process.stdout.write(`${JSON.stringify(explored)}\n`);
  }

  expect(explored.states).toBeGreaterThan(1_000);
  expect(explored.ends).toBeGreaterThan(0);
});

test('a protocol that believes a read is noticed', () => {
  const run = (): unknown =>
    explore({
      first: firstProtocolState(),
      next: (state) => nextProtocolStates(state, true),
      onEnd: checkProtocolEnd,
      statesMax: 500_000,
    });

  expect(run).toThrow('has a pointer');
});
