import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import type { ChaosRun } from './chaos-run.ts';
import { failpoints, hitsOf } from './chaos-run.ts';
import { scenario } from './scenario.ts';

/** Where a coordinator can die while it stops a job. Each is passed by every checkpoint before it as well, so it is armed late. */
const STOP_POINTS = [
  'coordinator.half-triggered',
  'coordinator.after-last-ack',
  'coordinator.metadata-written',
  'coordinator.pointer-written',
  'coordinator.before-commit',
  'coordinator.marker-written',
  'coordinator.terminal-written',
  'savepoint.before-manifest',
  'savepoint.manifest-written',
] as const;

describe.concurrent('a savepoint', () => {
  test('taken while the job runs is what it can be begun from again, after it was cancelled', async () => {
    await scenario({ name: 'savepoint' }, async (run) => {
      await run.start();
      // Everything up to here is in the savepoint, and nothing comes until the job runs again.
      await run.feed.pause();
      await run.allIsCounted();

      const { directory } = await run.cluster.admin.savepoint(run.jobId, run.savepoints);
      await run.cluster.admin.cancel(run.jobId);
      await run.cluster.inState(run.jobId, 'cancelled');
      run.feed.start();
      await run.submit(2, directory);
      await run.flows('from the savepoint');
    });
  });

  test('that stops the job lets it go on at three, and then at one, though it crashes before its first checkpoint', async () => {
    await scenario({ name: 'rescale', taskManagers: 3, parallelism: 2 }, async (run) => {
      await run.start();
      await resumeAt(run, 3);
      await resumeAt(run, 1);
    });
  });

  test.each(STOP_POINTS)(
    'by which a job stops is finished by the next coordinator when its own dies at %s',
    async (point) => {
      // One checkpoint after the start, with nothing to commit, and none until the stop: so the moment is that of the stop.
      const nth = isOfEveryCheckpoint(point) ? 2 : 1;
      await scenario(
        {
          name: 'stop',
          configurationOf: { coordinator: { 'execution.checkpointing.interval': '2m' } },
          coordinatorEnvironment: failpoints(`${point}=exit@${nth}`),
        },
        async (run) => {
          const dying = run.cluster.coordinator;
          await run.submit();
          await eventually('a first checkpoint', async () => await run.completedCheckpoints(), 120_000);
          await run.begin();
          await run.writes();

          const how = { directory: run.savepoints, drain: false };
          const asked = run.cluster.admin.stop(run.jobId, how).catch(() => undefined);
          await run.hit(dying, point);
          expect(await dying.ended()).toBe('SIGKILL');
          await asked;
          run.cluster.startCoordinator(0, undefined, { 'execution.checkpointing.interval': '250ms' });
          await run.submit(2, await run.stopped());
          await run.flows('from the savepoint');
          expect(hitsOf(dying, point)).toBe(1);
        },
      );
    },
  );
});

/** Stops the job by a savepoint and begins it anew at another parallelism; a task manager dies before the first checkpoint. */
async function resumeAt(run: ChaosRun, parallelism: number): Promise<void> {
  const { directory } = await run.cluster.admin.stop(run.jobId, { directory: run.savepoints, drain: false });
  await run.cluster.inState(run.jobId, 'finished');
  await run.cluster.taskManagers[0]!.kill();
  const dying = run.startTaskManager(0, failpoints('task.before-barrier=exit@1'));
  await run.cluster.registered(3);
  await run.submit(parallelism, directory);
  const hasTasks = await run.hit(dying, 'task.before-barrier').then(
    () => true,
    () => false,
  );
  await dying.kill();
  run.startTaskManager(0);
  await run.flows(`at parallelism ${parallelism}`);
  expect(hasTasks || parallelism < 3).toBe(true);
}

function isOfEveryCheckpoint(point: string): boolean {
  return /^coordinator\.(half|after|metadata|pointer|marker)/.test(point);
}
