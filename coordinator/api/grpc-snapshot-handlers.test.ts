import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AdminClient, Submitted } from '../../cli/admin/admin-client.ts';
import { grpcAdminClient } from '../../cli/admin/grpc-admin-client.ts';
import { parseConfiguration } from '../../shared/config/parse-configuration.ts';
import { runCoordinator } from '../main.ts';

const root = join(import.meta.dirname, '../..');
const fixture = join(root, 'integration-tests/fixtures/savepoint-format-1/savepoint');
let folder: string;
let stop: AbortController;
let running: Promise<number>;
let admin: AdminClient;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-coordinator-'));
  stop = new AbortController();
  const values = {
    'coordinator.rpc.port': '0',
    'io.tmp.dirs': folder,
    'state.checkpoints.dir': join(folder, 'checkpoints'),
    'log.level': 'silent',
  };
  const parsed = parseConfiguration([{ origin: 'test', values }]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  const address = await new Promise<string>((resolve, reject) => {
    running = runCoordinator(parsed, stop.signal, { onListening: resolve });
    running.catch(reject);
  });
  admin = grpcAdminClient([address]);
});

afterEach(async () => {
  admin.close();
  stop.abort();
  await running;
  rmSync(folder, { recursive: true });
});

test('nothing is asked of a job that is not there', async () => {
  const answers = [
    admin.savepoint('none', folder),
    admin.stop('none', { directory: folder, drain: false }),
    admin.checkpoint('none'),
    admin.collectGarbage({ jobId: 'none', dryRun: true, includeUnknownJobs: false }),
  ];

  for (const answer of answers) {
    await expect(answer).rejects.toMatchObject({ failure: { code: 'no-such-job' } });
  }
});

test('a savepoint needs a directory that the coordinator can mean, and a job that runs', async () => {
  await submit('a');

  await expect(admin.savepoint('a', undefined)).rejects.toThrow('state.savepoints.dir');
  await expect(admin.savepoint('a', 'relative/folder')).rejects.toThrow('not absolute');
  await expect(admin.savepoint('a', 'ftp://x/y')).rejects.toThrow('is not known');
  await expect(admin.savepoint('a', join(folder, 'sp'))).rejects.toMatchObject({
    failure: { code: 'savepoint-failed', reaction: 'retry' },
  });
  await expect(admin.checkpoint('a')).rejects.toThrow('no checkpoint of job a has completed yet');
  expect(existsSync(join(folder, 'sp'))).toBe(false);
});

test('a job begins from a savepoint only where its state has a place, or may be left behind', async () => {
  await expect(submit('a', join(folder, 'nothing'))).rejects.toThrow('there is no checkpoint or savepoint');
  await expect(submit('a', fixture)).rejects.toThrow('operator count has state in the savepoint');
  expect(await admin.list()).toStrictEqual([]);

  const { leftBehind } = await submit('a', fixture, true);

  expect(leftBehind).toStrictEqual(['feed', 'count']);
  const restored = join(folder, 'checkpoints/jobs/a/restored');
  const [lineage = ''] = readdirSync(restored);
  expect(existsSync(join(restored, lineage, 'metadata'))).toBe(true);
});

test('what a job begins with is kept, and what nothing names is collected', async () => {
  await submit('a', fixture, true);
  const restored = join(folder, 'checkpoints/jobs/a/restored');
  cpSync(fixture, join(restored, 'given-up'), { recursive: true });
  cpSync(fixture, join(folder, 'checkpoints/jobs/unheard-of/restored/l'), { recursive: true });

  const dry = await admin.collectGarbage({ jobId: undefined, dryRun: true, includeUnknownJobs: false });
  const wet = await admin.collectGarbage({ jobId: undefined, dryRun: false, includeUnknownJobs: false });

  expect(dry).toStrictEqual(wet);
  expect(wet.unknownJobs).toStrictEqual(['unheard-of']);
  expect(wet.jobs[0]?.garbage).toMatchObject([{ reason: 'restore-over', objects: 4 }]);
  expect(readdirSync(restored)).toHaveLength(1);
  const all = await admin.collectGarbage({ jobId: undefined, dryRun: false, includeUnknownJobs: true });
  expect(all.jobs.find(({ jobId }) => jobId === 'unheard-of')?.garbage).toMatchObject([{ objects: 4 }]);
  expect(readdirSync(join(folder, 'checkpoints/jobs'))).toStrictEqual(['a']);
});

async function submit(jobId: string, fromSavepoint?: string, allowNonRestoredState = false): Promise<Submitted> {
  const module = Buffer.from(`
    import { defineJob, fileSink, fileSource } from ${JSON.stringify(join(root, 'index.ts'))};
    export const job = defineJob('pipe', (flow) => {
      flow.source(fileSource({ path: ${JSON.stringify(folder)}, format: 'lines' }), { uid: 'lines' })
        .map(({ value }) => ({ topic: 't', key: undefined, value, headers: {} }))
        .sinkTo(fileSink({ path: ${JSON.stringify(join(folder, 'out'))} }), { uid: 'out' });
    });`);
  return await admin.submit({ module, args: {}, jobId, fromSavepoint, allowNonRestoredState });
}
