import { describe, expect, test } from 'vitest';
import { failpoints, hitsOf } from './chaos-run.ts';
import { scenario } from './scenario.ts';

/** Each is reached by the same process again and again: the third time something is there to lose. */
const POINTS = [
  'task.before-barrier',
  'task.after-freeze',
  'task.during-upload',
  'task.before-ack',
  'task.after-ack',
  'task.completed-received',
  'kafka.before-init-producer-id',
] as const;

describe.concurrent('a task manager that is killed', () => {
  test.each(POINTS)('at %s costs an attempt, and no message', async (point) => {
    await scenario({ name: 'tm', taskManagerEnvironments: { 0: failpoints(`${point}=exit@6`) } }, async (run) => {
      await run.begin();
      const victim = run.cluster.taskManagers[0]!;

      await run.hit(victim, point);
      expect(await victim.ended()).toBe('SIGKILL');
      run.startTaskManager(2);
      await run.restartedSince(1);
      await run.flows('after the kill');
      expect(hitsOf(victim, point)).toBe(1);
    });
  });

  test('without a spare slot: its next incarnation takes over what it had', async () => {
    await scenario({ name: 'tm-back', taskManagers: 2 }, async (run) => {
      await run.start();

      await run.cluster.taskManagers[0]!.kill();
      run.startTaskManager(0);
      await run.restartedSince(1);
      await run.flows('after the kill');
    });
  });

  test('again while its state is being restored: a failure in recovery', async () => {
    await scenario({ name: 'tm-twice', taskManagers: 2 }, async (run) => {
      await run.start();

      await run.cluster.taskManagers[0]!.kill();
      const second = run.startTaskManager(0, failpoints('task.during-restore=exit@1'));
      expect(await second.ended()).toBe('SIGKILL');
      run.startTaskManager(0);
      await run.restartedSince(1);
      await run.flows('after both kills');
      expect(hitsOf(second, 'task.during-restore')).toBe(1);
    });
  });

  test('again in the first checkpoint after a restore', async () => {
    await scenario({ name: 'tm-first', taskManagers: 2 }, async (run) => {
      await run.start();

      await run.cluster.taskManagers[0]!.kill();
      const second = run.startTaskManager(0, failpoints('task.before-ack=exit@1'));
      expect(await second.ended()).toBe('SIGKILL');
      run.startTaskManager(0);
      await run.restartedSince(2);
      await run.flows('after both kills');
    });
  });
});

describe.concurrent('a task manager that is frozen beyond the heartbeat timeout', () => {
  test('anywhere, and wakes up when others have its work, is a zombie that changes nothing', async () => {
    await scenario({ name: 'zombie', taskManagers: 3 }, async (run) => {
      await run.start();
      const busy = (await run.cluster.admin.job(run.jobId)).subtasks.map(({ taskManager }) => taskManager);
      const zombie = run.cluster.taskManagers[Number(busy[0]!.replace('tm-', ''))]!;

      zombie.signal('SIGSTOP');
      await run.restartedSince(1);
      await run.flows('while it is frozen');
      zombie.signal('SIGCONT');
      await run.flows('after it woke up');
      expect(await run.attempt()).toBeGreaterThan(1);
    });
  });

  test.each(['kafka.before-init-producer-id', 'task.before-ack', 'task.after-freeze'] as const)(
    'at %s wakes up as a zombie that changes nothing',
    async (point) => {
      await scenario(
        {
          name: 'zombie-at',
          taskManagerEnvironments: { 0: failpoints(`${point}=freeze@6`) },
        },
        async (run) => {
          await run.begin();
          const zombie = run.cluster.taskManagers[0]!;

          await run.hit(zombie, point);
          run.startTaskManager(2);
          await run.restartedSince(1);
          await run.flows('while it is frozen');
          zombie.signal('SIGCONT');
          await run.flows('after it woke up');
        },
      );
    },
  );
});
