import { describe, expect, test } from 'vitest';
import type { ChaosRun } from './chaos-run.ts';
import { failpoints } from './chaos-run.ts';
import { scenario } from './scenario.ts';

const AFTER_THE_POINTER = failpoints('coordinator.pointer-written=exit@5');

describe.concurrent('the output of a cluster whose coordinator died between pointer and commit', () => {
  test('is committed by nerve txn, and the next coordinator goes on without committing it again', async () => {
    await scenario({ name: 'txn-commit', coordinatorEnvironment: AFTER_THE_POINTER }, async (run) => {
      await run.begin();
      await run.hit(run.cluster.coordinator, 'coordinator.pointer-written');
      expect(await run.cluster.coordinator.ended()).toBe('SIGKILL');

      const before = await listed(run);
      const commit = await run.cluster.nerve(['txn', 'commit', run.jobId, '--json']);
      const again = await run.cluster.nerve(['txn', 'commit', run.jobId]);
      const after = await listed(run);

      expect(before.owed).toBeGreaterThan(0);
      expect(before.open).toBeGreaterThanOrEqual(before.owed);
      expect(JSON.parse(commit.out)).toStrictEqual({ jobId: run.jobId, committed: before.owed });
      expect(again.out).toBe('nothing was owed\n');
      expect(after.owed).toBe(0);
      run.cluster.startCoordinator();
      await run.flows('under the next coordinator');
    });
  });

  test('is dropped only after it was committed, and then readers wait for nothing', async () => {
    await scenario({ name: 'txn-abort', coordinatorEnvironment: AFTER_THE_POINTER }, async (run) => {
      await run.begin();
      await run.hit(run.cluster.coordinator, 'coordinator.pointer-written');
      expect(await run.cluster.coordinator.ended()).toBe('SIGKILL');

      const refused = await run.cluster.nerve(['txn', 'abort', run.jobId]);
      await run.cluster.nerve(['txn', 'commit', run.jobId]);
      const aborted = await run.cluster.nerve(['txn', 'abort', run.jobId]);
      const after = await listed(run);

      expect(refused.exitCode).toBe(1);
      expect(refused.err).toContain('transactions-owed');
      expect(refused.err).toContain('--accept-loss');
      expect(aborted).toMatchObject({
        err: '',
        exitCode: 0,
        out: `nothing of attempt 1 of ${run.jobId} is open any more\n`,
      });
      expect(after).toStrictEqual({ owed: 0, open: 0 });
      run.cluster.startCoordinator();
      await run.restartedSince(1);
      await run.flows('in the next attempt');
    });
  });
});

test('while a coordinator leads, nothing is done by hand', async () => {
  await scenario({ name: 'txn-up' }, async (run) => {
    await run.start();

    const { err, exitCode } = await run.cluster.nerve(['txn', 'commit', run.jobId]);

    expect(exitCode).toBe(1);
    expect(err).toMatch(/job-not-down|job-store-folder-in-use/);
    await run.flows('as before');
  });
});

async function listed(run: ChaosRun): Promise<{ readonly owed: number; readonly open: number }> {
  const { out, err } = await run.cluster.nerve(['txn', 'list', run.jobId, '--json']);
  expect(err).toBe('');
  const { jobs } = JSON.parse(out) as {
    readonly jobs: readonly { readonly owed: readonly { outputs: number }[]; readonly open: readonly unknown[] }[];
  };
  const [job] = jobs;
  return { owed: (job?.owed ?? []).reduce((sum, { outputs }) => sum + outputs, 0), open: job?.open.length ?? -1 };
}
