import { expect, test } from 'vitest';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import { KernelDriver, specOf } from '../kernel/kernel-testing.ts';
import { clusterMetrics } from './cluster-metrics.ts';
import { describeCluster, describeJob, describeJobs } from './describe-cluster.ts';

test('a job is shown with its subtasks and where they run', () => {
  const kernel = new KernelDriver();
  kernel.join(1, 1);
  kernel.join(2, 1);
  kernel.submit(specOf('j'));
  kernel.report('j', 1, 'ready');

  const detail = describeJob(kernel.job('j'), true, [
    { name: 'n', kind: 'counter', labels: { subtask: '0' }, value: 3 },
  ]);

  expect(detail.summary).toMatchObject({ jobId: 'j', state: 'deploying', attempt: 1, restarts: 0, failure: null });
  expect(detail.subtasks).toStrictEqual([
    { vertexId: 'v', subtask: 0, state: 'initializing', taskManagerId: 'tm-1', slotIndex: 0 },
    { vertexId: 'v', subtask: 1, state: 'ready', taskManagerId: 'tm-2', slotIndex: 0 },
  ]);
  expect(detail).toMatchObject({ planJson: '{}', metrics: [{ name: 'n', value: 3 }] });
  expect(describeJob(kernel.job('j'), false, undefined)).toMatchObject({ planJson: '', metrics: [] });
});

test('a job that waits for slots after a failure says for what it waits, and keeps the failure in its detail', () => {
  const kernel = new KernelDriver();
  kernel.join(1);
  kernel.run(specOf('j'));
  kernel.leave(1);

  expect(describeJobs(kernel.state)).toMatchObject([
    { state: 'waiting-for-slots', failure: { message: 'The job needs 2 slots, 0 free on 0 task managers.' } },
  ]);
  expect(describeJob(kernel.job('j'), false, undefined).failures).toMatchObject([
    { where: 'tm-1', attempt: 1, failure: { code: 'task-manager-lost' } },
  ]);
});

test('a cluster is shown with the slots that are free and when each member was last heard', () => {
  const kernel = new KernelDriver();
  kernel.join(1, 3);
  kernel.submit(specOf('j'));
  kernel.tick(1_000);

  const view = { leader: 'host:1', epoch: parseLeaderEpoch(4n), version: '1', now: 1_250 };
  expect(describeCluster(kernel.state, view)).toMatchObject({
    leader: 'host:1',
    leaderEpoch: '4',
    taskManagers: [{ id: 'tm-1', slots: 3, freeSlots: 1, lastHeartbeatMsAgo: 250 }],
  });
});

test("the cluster's metrics count members, slots and jobs", () => {
  const kernel = new KernelDriver();
  kernel.join(1, 3);
  kernel.run(specOf('j'));

  expect(
    clusterMetrics(kernel.state, kernel.now).map(({ name, value, labels }) => [name, value, labels['state']]),
  ).toStrictEqual([
    ['numRegisteredTaskManagers', 1, undefined],
    ['taskSlotsTotal', 3, undefined],
    ['taskSlotsAvailable', 1, undefined],
    ['numRunningJobs', 1, undefined],
    ['numRestarts', 0, undefined],
    ['jobState', 1, 'running'],
    ['numberOfCompletedCheckpoints', 0, undefined],
    ['numberOfFailedCheckpoints', 0, undefined],
    ['numberOfInProgressCheckpoints', 1, undefined],
  ]);
});
