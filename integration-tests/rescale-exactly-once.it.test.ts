import { expect, test } from 'vitest';
import type { JobDetail } from '../cli/admin/admin-client.ts';
import { required } from '../shared/invariant.ts';
import { failpoints, hitsOf } from './chaos/chaos-run.ts';
import type { ChaosOptions, ChaosRun } from './chaos/chaos-run.ts';
import { scenario } from './chaos/scenario.ts';
import { eventually } from './harness/eventually.ts';
import type { ProcessUnderTest } from './harness/process-under-test.ts';

const ETCD = (process.env['ETCD_ENDPOINTS'] ?? 'http://127.0.0.1:12379').replace(/^https?:\/\//, '');
const SCALING = 'coordinator.adaptive-scheduler.executing';

test('2 → 3 → 1 under load, the leader killed between the checkpoint and the redeployment, then SIGTERM of the last task manager', async () => {
  const options = {
    name: 'rescale',
    taskManagers: 3,
    parallelism: 2,
    // Met when the old attempt is condemned: its last checkpoint and what is to come are stored, nothing of it is deployed.
    coordinatorEnvironment: failpoints('coordinator.condemned=exit@1'),
  };
  await scenario(withEtcd(options), async (run) => {
    const leader = run.cluster.coordinator;
    await run.start();
    const rescaling = run.cluster.admin.rescale(run.jobId, { parallelism: 3, operators: {} }).catch(() => undefined);

    expect(await leader.ended()).toBe('SIGKILL');
    await runsAt(run, 3);
    await rescaling;
    await run.flows('at three, under the next leader');
    expect(hitsOf(leader, 'coordinator.condemned')).toBe(1);
    expect(await run.attempt()).toBe(2);

    await run.cluster.admin.rescale(run.jobId, { parallelism: 1, operators: {} });
    const atOne = await runsAt(run, 1);
    await run.flows('at one');

    const left = taskManagerOf(run, atOne);
    left.signal('SIGTERM');
    expect(await left.ended()).toBe(0);
    const moved = await runsAt(run, 1, 4);
    await run.flows('elsewhere');
    expect(moved.subtasks.map(({ taskManager }) => taskManager)).not.toContain(left.name);
    expect(moved).toMatchObject({ failures: [], summary: { attempt: 4, restarts: 0 } });
  });
});

test('a reactive job grows onto a third task manager, goes on at once when one is killed, and hands over when one is ended', async () => {
  const configuration = {
    'scheduler-mode': 'reactive',
    [`${SCALING}.cooldown-after-rescaling`]: '1s',
    [`${SCALING}.resource-stabilization-timeout`]: '500ms',
  };
  await scenario(withEtcd({ name: 'reactive', taskManagers: 2, parallelism: 4, configuration }), async (run) => {
    await run.start();
    const { summary } = await runsAt(run, 2);
    expect(summary).toMatchObject({ schedulerMode: 'reactive', parallelism: 2 });

    run.startTaskManager(2);
    expect(await runsAt(run, 3)).toMatchObject({ failures: [], summary: { parallelism: 3, restarts: 0 } });
    await run.flows('at three');

    await run.cluster.taskManagers[0]!.kill();
    const smaller = await runsAt(run, 2);
    await run.flows('at two');
    expect(smaller).toMatchObject({ summary: { parallelism: 2, restarts: 1 } });

    const leaver = run.cluster.taskManagers[1]!;
    leaver.signal('SIGTERM');
    expect(await leaver.ended()).toBe(0);
    expect(await runsAt(run, 1)).toMatchObject({ summary: { parallelism: 1, restarts: 1 } });
    await run.flows('at one');
    const reasons = run.cluster
      .logs()
      .split('\n')
      .filter((line) => line.includes('"msg":"job-rescaled"'))
      .map((line) => /"reason":"([a-z-]+)"/.exec(line)?.[1]);
    expect(reasons).toStrictEqual(['more-slots', 'slots-there-are', 'task-manager-leaves']);
  });
});

/** Waits until so many counters run; in this attempt, where one is named. */
async function runsAt(run: ChaosRun, parallelism: number, attempt?: number): Promise<JobDetail> {
  return await eventually(
    `the job runs at ${parallelism}`,
    async () => {
      const detail = await run.cluster.admin.job(run.jobId).catch(() => undefined);
      const count = detail?.subtasks.filter(({ vertex }) => vertex === 'count').length;
      const isRunning = detail?.summary.state === 'running' && count === parallelism;
      return isRunning && (attempt ?? detail.summary.attempt) === detail.summary.attempt ? detail : undefined;
    },
    60_000,
  );
}

function taskManagerOf(run: ChaosRun, { subtasks }: JobDetail): ProcessUnderTest {
  const name = subtasks[0]?.taskManager;
  return required(
    run.cluster.taskManagers.find((process) => process.name === name),
    `task manager ${name ?? '?'}`,
  );
}

function withEtcd(options: ChaosOptions): ChaosOptions {
  return {
    coordinators: 2,
    slots: 1,
    partitions: 4,
    ...options,
    configuration: {
      'high-availability.type': 'etcd',
      'high-availability.etcd.endpoints': ETCD,
      ...options.configuration,
    },
  };
}
