import { expect, test } from 'vitest';
import { scenario } from './scenario.ts';

test('a job that nobody troubles counts every message once, without a restart', async () => {
  await scenario({ name: 'untroubled', keyedParallelism: 3, taskManagers: 3 }, async (run) => {
    await run.start();
    await run.flows('a second time');
    expect(await run.attempt()).toBe(1);
  });
});
