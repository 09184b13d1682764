import { describe, expect, test } from 'vitest';
import { failpoints, hitsOf } from './chaos-run.ts';
import { scenario } from './scenario.ts';

const POINTS = [
  'coordinator.ids-reserved',
  'coordinator.half-triggered',
  'coordinator.after-last-ack',
  'coordinator.metadata-written',
  'coordinator.pointer-written',
  'coordinator.before-commit',
  'kafka.before-end-txn',
  'kafka.after-end-txn',
  'coordinator.during-commit',
  'coordinator.marker-written',
  'coordinator.before-notify',
] as const;

/** Those that every checkpoint passes; the others come once in a while, or once in a job's life. */
const nthOf = (point: string): number => (point === 'coordinator.ids-reserved' ? 1 : 5);

describe.concurrent('a coordinator that is killed', () => {
  test.each(POINTS)('at %s is replaced, and no message is lost or doubled', async (point) => {
    await scenario({ name: 'co', coordinatorEnvironment: failpoints(`${point}=exit@${nthOf(point)}`) }, async (run) => {
      const dead = run.cluster.coordinator;
      await run.begin();

      await run.hit(dead, point);
      expect(await dead.ended()).toBe('SIGKILL');
      run.cluster.startCoordinator();
      await run.flows('under the next coordinator');
      expect(hitsOf(dead, point)).toBe(1);
    });
  });

  test.each([
    ['when the old attempt is condemned', 'co-redeploy', 'coordinator.condemned=exit@1'],
    ['before the new one is deployed', 'co-deploy', 'coordinator.before-deploy=exit@3'],
  ])('while it redeploys a failed attempt, %s: the next coordinator goes on', async (_, name, rule) => {
    const environment = failpoints(rule);
    await scenario({ name, taskManagers: 3, coordinatorEnvironment: environment }, async (run) => {
      const dead = run.cluster.coordinator;
      await run.start();

      await run.cluster.taskManagers[0]!.kill();
      run.startTaskManager(0);
      expect(await dead.ended()).toBe('SIGKILL');
      run.cluster.startCoordinator();
      await run.flows('under the next coordinator');
      expect(hitsOf(dead, rule.replace(/=.*/, ''))).toBe(1);
    });
  });
});
