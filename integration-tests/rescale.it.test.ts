import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobDetail } from '../cli/admin/admin-client.ts';
import { ClusterUnderTest } from './harness/cluster-under-test.ts';
import { eventually } from './harness/eventually.ts';
import { areConsecutive, numbersByPatient, seen, visitsIn } from './savepoints/written-visits.ts';

const MODULE = join(import.meta.dirname, 'jobs/visits-job.ts');
const PATIENTS = 20;

let folder: string;
let cluster: ClusterUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-rescale-'));
  cluster = await ClusterUnderTest.start({
    taskManagers: 2,
    slots: 2,
    configuration: {
      'state.checkpoints.dir': join(folder, 'checkpoints'),
      'execution.checkpointing.interval': '300 ms',
      'pipeline.max-parallelism': '64',
    },
  });
});

afterEach(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a job is rescaled 2 → 3 → 1 under load, then one operator of it: each visit counted once, no failure recorded', async () => {
  const output = join(folder, 'out');
  await cluster.submit(MODULE, ['--output', output], 2, { jobId: 'visits' });
  await seen(output, 200);

  const wider = await cluster.nerve(['rescale', 'visits', '--parallelism', '3']);
  const atThree = await cluster.admin.job('visits');
  await seen(output, visitsIn(output).length + 300);
  const narrower = await cluster.admin.rescale('visits', { parallelism: 1, operators: {} });
  const atOne = await cluster.admin.job('visits');
  await seen(output, visitsIn(output).length + 300);
  const single = await cluster.admin.rescale('visits', { parallelism: undefined, operators: { count: 2 } });
  const atTwo = await cluster.admin.job('visits');
  const atEnd = await seen(output, visitsIn(output).length + 300);

  expect(wider).toMatchObject({ exitCode: 0, out: expect.stringContaining('visits runs as attempt 2') as unknown });
  expect(subtasksOf(atThree, 'count')).toBe(3);
  expect([narrower.attempt, subtasksOf(atOne, 'count')]).toStrictEqual([3, 1]);
  expect([single.attempt, subtasksOf(atTwo, 'count'), subtasksOf(atTwo, 'feed')]).toStrictEqual([4, 2, 1]);
  expect(isNumbered(atEnd)).toBe(true);
  expect(await cluster.admin.job('visits')).toMatchObject({
    failures: [],
    summary: { state: 'running', attempt: 4, restarts: 0 },
  });

  await expect(cluster.admin.rescale('visits', { parallelism: 9, operators: {} })).rejects.toThrow(/5 more/);
  await expect(cluster.admin.rescale('visits', { parallelism: 65, operators: {} })).rejects.toThrow(/maximum 64/);
  await expect(cluster.admin.rescale('visits', { parallelism: 1, operators: { counter: 2 } })).rejects.toThrow(
    /no operator "counter".*known are .*count/s,
  );
  await cluster.admin.cancel('visits');
  expect(isNumbered(visitsIn(output))).toBe(true);
});

test('SIGTERM of a task manager: what runs there goes on elsewhere from a checkpoint, nothing lost or doubled, no failure', async () => {
  const output = join(folder, 'out');
  await cluster.submit(MODULE, ['--output', output], 2, { jobId: 'visits' });
  await seen(output, 200);

  const before = await cluster.admin.job('visits');
  const leaver = cluster.taskManagers[0];
  leaver?.signal('SIGTERM');
  const code = await leaver?.ended();
  const moved = await eventually(
    'the job runs elsewhere',
    async () => {
      const detail = await cluster.admin.job('visits');
      return detail.summary.attempt === 2 && detail.summary.state === 'running' ? detail : undefined;
    },
    30_000,
  );
  const atEnd = await seen(output, visitsIn(output).length + 300);

  expect(new Set(before.subtasks.map(({ taskManager }) => taskManager))).toStrictEqual(new Set(['tm-0', 'tm-1']));
  expect(new Set(moved.subtasks.map(({ taskManager }) => taskManager))).toStrictEqual(new Set(['tm-1']));
  expect(code).toBe(0);
  expect(isNumbered(atEnd)).toBe(true);
  expect(await cluster.admin.job('visits')).toMatchObject({
    failures: [],
    summary: { state: 'running', attempt: 2, restarts: 0 },
  });
  await cluster.admin.cancel('visits');
  expect(isNumbered(visitsIn(output))).toBe(true);
});

function subtasksOf({ subtasks }: JobDetail, uid: string): number {
  return subtasks.filter(({ vertex }) => vertex === uid).length;
}

function isNumbered(visits: ReturnType<typeof visitsIn>): boolean {
  const written = numbersByPatient(visits);
  return written.size === PATIENTS && [...written.values()].every((numbers) => areConsecutive(numbers, 1));
}
