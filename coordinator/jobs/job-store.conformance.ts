import { expect, test } from 'vitest';
import { parseAttemptNumber, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import { createJob } from './states/created.ts';
import type { JobRecord } from './job-record.ts';
import type { JobStore } from './job-store.ts';

/** How a suite looks into a store: what another coordinator would read. */
export interface StoreUnderTest {
  readonly store: JobStore;
  readonly read: () => Promise<{ readonly jobs: readonly JobRecord[]; readonly attemptFloor: number }>;
}

/** What every implementation of the job store must pass. */
export function jobStoreConformance(open: () => Promise<StoreUnderTest>): void {
  const one = parseLeaderEpoch(1n);
  const two = parseLeaderEpoch(2n);
  const { signal } = new AbortController();

  test('what was put is read, the last of each job', async () => {
    const { store, read } = await open();
    await store.putJob(recordOf('a', 1), one, signal);
    await store.putJob(recordOf('b', 2), one, signal);
    await store.putJob(recordOf('a', 3), one, signal);

    expect((await read()).jobs.map(({ spec, submittedAtMs }) => [spec.jobId, submittedAtMs])).toStrictEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  test('what was deleted is gone, and the highest attempt number of what is gone is remembered', async () => {
    const { store, read } = await open();
    const forgotten = { jobId: parseJobId('a'), attemptFloor: parseAttemptNumber(4) };
    await store.putJob(recordOf('a', 1), one, signal);
    await store.deleteJob(forgotten, one, signal);
    await store.deleteJob(forgotten, one, signal);

    expect(await read()).toStrictEqual({ jobs: [], attemptFloor: 4 });
  });

  test('an older leader is refused, and changes nothing', async () => {
    const { store, read } = await open();
    await store.putJob(recordOf('a', 1), two, signal);
    const put = store.putJob(recordOf('a', 9), one, signal);
    await expect(put).rejects.toMatchObject({ failure: { reaction: 'stop-quietly' } });
    const deleted = store.deleteJob({ jobId: parseJobId('a'), attemptFloor: 0 }, one, signal);
    await expect(deleted).rejects.toMatchObject({ failure: { reaction: 'stop-quietly' } });

    expect((await read()).jobs.map(({ submittedAtMs }) => submittedAtMs)).toStrictEqual([1]);
  });
}

function recordOf(name: string, submittedAtMs: number): JobRecord {
  const spec = {
    jobId: parseJobId(name),
    name,
    module: { kind: 'path', path: 'job.mjs' },
    args: {},
    defaultParallelism: 1,
    maxParallelism: 128,
    fingerprint: 'f',
    slotsNeeded: 1,
    vertices: [],
    sources: [],
    planJson: '{}',
  } as const;
  const { persist } = createJob(spec, 0, submittedAtMs);
  const [first] = persist;
  if (first?.kind !== 'put-job') {
    throw new Error('a job that is created is stored');
  }
  return first.record;
}
