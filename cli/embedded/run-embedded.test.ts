import { expect, test } from 'vitest';
import { fileSink, defineJob, generatorSource } from '../../index.ts';
import type { OutputRecord } from '../../index.ts';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { AdminClient } from '../admin/admin-client.ts';
import { settingsOf } from '../cli-context.ts';
import { runEmbedded } from './run-embedded.ts';

const job = defineJob('pipe', (flow) => {
  flow
    .source(generatorSource({ next: () => ({ value: Buffer.alloc(0) }), count: 1 }), { uid: 'in' })
    .map((): OutputRecord => ({ topic: 't', key: undefined, value: Buffer.alloc(0), headers: {} }))
    .sinkTo(fileSink({ path: 'out' }), { uid: 'out' });
});

test('a cluster that broke is told by its cause, not by a coordinator that does not answer, and is stopped', async () => {
  let isStopped = false;
  const unreachable = new StreamError({ code: 'coordinator-unreachable', reaction: 'retry', message: 'no answer' });
  const cause = { code: 'coordinator-failed', reaction: 'fail-job', message: 'the disk is full' } as const;
  const never = async (): Promise<never> => await Promise.reject(unreachable);
  const client: AdminClient = {
    submit: async () => await Promise.resolve({ jobId: 'j', leftBehind: [] }),
    list: never,
    job: never,
    cancel: never,
    cluster: never,
    savepoint: never,
    stop: never,
    rescale: never,
    checkpoint: never,
    collectGarbage: never,
    close: () => undefined,
  };
  const deps = {
    clock: new MemoryClock(),
    terminal: { out: () => undefined, err: () => undefined, isInteractive: false },
    connect: () => client,
    startCluster: async () =>
      await Promise.resolve({
        address: 'h:1',
        broken: Promise.resolve(cause),
        stop: async () => {
          isStopped = true;
          await Promise.resolve();
        },
      }),
  };
  const prepared = { module: Buffer.alloc(0), job, args: {} };
  const run = { prepared, settings: settingsOf([]), taskManagers: 1, isQuiet: true };

  const running = runEmbedded(run, deps, new AbortController().signal);

  await expect(running).rejects.toMatchObject({ failure: cause });
  expect(isStopped).toBe(true);
});
