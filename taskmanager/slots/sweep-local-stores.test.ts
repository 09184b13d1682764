import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sweepLocalStores } from './node-sweep-local-stores.ts';

const DAY_MS = 24 * 3_600_000;

test('local stores of jobs that were not here for a day go; those of others stay', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nerve-sweep-'));
  const nowMs = 1_000 * DAY_MS;
  const jobs = [
    { job: 'ended', ageMs: 2 * DAY_MS },
    { job: 'running', ageMs: 3_600_000 },
  ];
  for (const { job, ageMs } of jobs) {
    const store = join(folder, job, 'uid', '0');
    await mkdir(store, { recursive: true });
    await writeFile(join(store, '000004.log'), 'x');
    const at = (nowMs - ageMs) / 1_000;
    for (const path of [join(store, '000004.log'), store, join(folder, job, 'uid'), join(folder, job)]) {
      await utimes(path, at, at);
    }
  }

  await sweepLocalStores(folder, nowMs);
  await sweepLocalStores(join(folder, 'absent'), nowMs);

  expect((await readdir(folder)).sort()).toStrictEqual(['running']);
  await rm(folder, { recursive: true });
});
