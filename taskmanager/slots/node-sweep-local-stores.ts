import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock/clock.ts';

/** A running job writes to its stores with every checkpoint, an hour apart at most. What is deleted too early is restored anew. */
const ABANDONED_AFTER_MS = 24 * 3_600_000;

const SWEEP_EVERY_MS = 3_600_000;

/** Sweeps once an hour until the signal aborts. */
export async function runSweeps(folder: string, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweepLocalStores(folder, clock.nowMs());
    await clock.sleep(SWEEP_EVERY_MS, signal);
  }
}

/**
 * Deletes the local stores of jobs that have not been here for a day: ended, or moved away. `folder`: of one task manager, with a
 * folder for each job (node-slot-state.ts). What cannot be read or deleted stays; the next sweep tries again.
 */
export async function sweepLocalStores(folder: string, nowMs: number): Promise<void> {
  for (const job of await namesIn(folder)) {
    const path = join(folder, job);
    if ((await newestMs(path)) < nowMs - ABANDONED_AFTER_MS) {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

/** When anything of a job's stores was last written; Infinity when that cannot be told. */
async function newestMs(job: string): Promise<number> {
  try {
    let newest = (await stat(job)).mtimeMs;
    for (const entry of await readdir(job, { recursive: true, withFileTypes: true })) {
      newest = Math.max(newest, (await stat(join(entry.parentPath, entry.name))).mtimeMs);
    }
    return newest;
  } catch {
    return Infinity;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
