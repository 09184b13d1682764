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

  test('while it redeploys a failed attempt: the next coordinator finishes that', async () => {
    await scenario(
      {
        name: 'co-redeploy',
        taskManagers: 3,
        coordinatorEnvironment: failpoints('coordinator.condemned=exit@1'),
      },
      async (run) => {
        const dead = run.cluster.coordinator;
        await run.start();

        await run.cluster.taskManagers[0]!.kill();
        run.startTaskManager(0);
        expect(await dead.ended()).toBe('SIGKILL');
        run.cluster.startCoordinator();
        await run.flows('under the next coordinator');
        expect(hitsOf(dead, 'coordinator.condemned')).toBe(1);
      },
    );
  });

  test('before the new attempt is deployed: the next coordinator begins another', async () => {
    await scenario(
      {
        name: 'co-deploy',
        taskManagers: 3,
        coordinatorEnvironment: failpoints('coordinator.before-deploy=exit@3'),
      },
      async (run) => {
        const dead = run.cluster.coordinator;
        await run.start();

        await run.cluster.taskManagers[0]!.kill();
        run.startTaskManager(0);
        expect(await dead.ended()).toBe('SIGKILL');
        run.cluster.startCoordinator();
        await run.flows('under the next coordinator');
      },
    );
  });
});
