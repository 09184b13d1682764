import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { scenario } from './scenario.ts';

describe.concurrent('task managers that are cut off from their coordinator', () => {
  test('for a moment, by a broken connection, come back with their running tasks: no restart', async () => {
    await scenario({ name: 'cut-moment', relayed: true }, async (run) => {
      await run.start();
      const attempt = await run.attempt();

      run.cluster.relays[0]!.breakConnections();
      await run.cluster.logged('coordinator-lost', 2);
      await run.flows('after the connection broke');
      expect(await run.attempt()).toBe(attempt);
    });
  });

  test.each(['both', 'requests', 'answers'] as const)(
    'until they are taken for lost, by a network that loses %s, go on harmlessly, and their work is done again',
    async (blocked) => {
      await scenario({ name: 'cut-long', relayed: true }, async (run) => {
        await run.start();

        run.cluster.relays[0]!.block(blocked);
        await run.cluster.logged(blocked === 'answers' ? 'coordinator-lost' : 'task-manager-lost', 1);
        run.cluster.relays[0]!.block('nothing');
        await run.flows('after the partition');
      });
    },
  );
});

describe.concurrent('a job that is cancelled', () => {
  test('never runs again, though the coordinator dies while it ends, and after', async () => {
    await scenario({ name: 'cancelled', endsEarly: true }, async (run) => {
      await run.start();

      const asked = run.cluster.admin.cancel(run.jobId).catch(() => undefined);
      await run.cluster.coordinator.kill();
      await asked;
      run.cluster.startCoordinator();
      await eventually('the job is cancelled', async () => await run.cancelled(), 120_000);
      const visible = run.output.records.length;
      await run.cluster.coordinator.kill();
      run.cluster.startCoordinator();
      await run.cluster.registered(2);
      await run.output.toTheEnd();

      expect((await run.cluster.admin.job(run.jobId)).summary.state).toBe('cancelled');
      expect(run.output.records.length).toBe(visible);
    });
  });
});
