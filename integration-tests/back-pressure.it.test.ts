import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ClusterUnderTest } from './harness/cluster-under-test.ts';
import { eventually } from './harness/eventually.ts';

/** CI closes the sink for this long; `SINK_CLOSED_S=30` is the figure. */
const CLOSED_MS = Number(process.env['SINK_CLOSED_S'] ?? 10) * 1000;
const GROWTH_MAX_BYTES = 64 * 1024 * 1024;

let cluster: ClusterUnderTest | undefined;

afterEach(async () => {
  await cluster?.stop();
});

test('a sink that takes nothing stops the source: memory stays, and the stream goes on when it opens', async () => {
  cluster = await ClusterUnderTest.start({ taskManagers: 2, slots: 1 });
  const running = cluster;
  const gate = join(running.folder, 'gate');
  const jobId = await running.submit('integration-tests/jobs/gated-sink-job.ts', ['--gate', gate], 2);
  await running.inState(jobId, 'running');
  await eventually('the feed is warm', async () => ((await sent(running, jobId)) > 200_000 ? true : undefined), 60_000);
  const steady = running.taskManagers.map((process) => process.residentBytes());

  writeFileSync(gate, '');
  await eventually('nothing is written any more', async () => {
    const before = await sent(running, jobId);
    await new Promise((resolve) => {
      setTimeout(resolve, 2_500);
    });
    return (await sent(running, jobId)) === before ? true : undefined;
  });
  const closedAt = await sent(running, jobId);
  const blocked = await eventually('the source is back-pressured', async () => {
    const { metrics } = await running.admin.job(jobId, { metrics: true });
    const worst = metrics
      .filter(({ name, labels }) => name === 'backPressuredTimeMsPerSecond' && labels['vertex'] === 'numbers')
      .map(({ value }) => value);
    return Math.min(...worst) > 900 ? worst : undefined;
  });
  const until = performance.now() + CLOSED_MS;
  let grown = 0;
  while (performance.now() < until) {
    await new Promise((resolve) => {
      setTimeout(resolve, 250);
    });
    grown = Math.max(grown, ...running.taskManagers.map((process, i) => process.residentBytes() - (steady[i] ?? 0)));
  }
  rmSync(gate);
  await eventually('the stream goes on', async () =>
    (await sent(running, jobId)) > closedAt + 100_000 ? true : undefined,
  );

  expect(blocked.length).toBeGreaterThan(0);
  expect(grown).toBeLessThan(GROWTH_MAX_BYTES);
  expect((await running.admin.job(jobId)).summary.restarts).toBe(0);
});

async function sent(cluster: ClusterUnderTest, jobId: string): Promise<number> {
  const { metrics } = await cluster.admin.job(jobId, { metrics: true });
  return metrics.filter(({ name }) => name === 'records_sent').reduce((sum, { value }) => sum + value, 0);
}
