import type { Clock } from '../../shared/clock/clock.ts';
import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { JobId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { pointerOf } from '../jobs/job-checkpoints.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import type { Collected, CollectRequest } from '../savepoints/collect-garbage.ts';
import { collectJobGarbage } from './collect-job-garbage.ts';
import type { GarbageDeps } from './collect-job-garbage.ts';

export interface SweepDeps extends GarbageDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What older checkpoints leave goes within this, so that a store holds little more than the retained ones. */
const SUBSUMED_EVERY_MS = 10_000;
/** Every so many rounds everything is listed: what attempts that are over have left, and former leaders half done. */
const WHOLE_EVERY_ROUNDS = 60;

/**
 * Deletes garbage for as long as this coordinator leads. A sweep that fails is told and tried again: nothing waits for it.
 * Jobs that the leader forgets are deleted with all that they have left.
 */
async function sweepLoop(deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const { loop, clock } = deps;
  let known = new Set<JobId>();
  let seen = '';
  for (let round = 1; ; round += 1) {
    await clock.sleep(SUBSUMED_EVERY_MS, signal);
    if (signal.aborted) {
      return;
    }
    const { state } = loop;
    for (const forgotten of [...known].filter((jobId) => !state.jobs.has(jobId))) {
      const isGone = await sweep({ ...EVERYTHING, jobId: forgotten, includeUnknown: true }, deps, signal);
      if (isGone) {
        known.delete(forgotten);
      }
    }
    known = new Set([...known, ...state.jobs.keys()]);
    const now = pointersOf(state);
    if (round % WHOLE_EVERY_ROUNDS === 0) {
      await sweep(EVERYTHING, deps, signal);
    } else if (now !== seen) {
      await sweep({ ...EVERYTHING, scope: 'subsumed' }, deps, signal);
    }
    seen = now;
  }
}

/** Sweeps for as long as `work` takes; ends soon after. */
export async function whileSweeping(deps: SweepDeps, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const sweeping = sweepLoop(deps, stop.signal);
  try {
    await work();
  } finally {
    stop.abort();
    await sweeping;
  }
}

const EVERYTHING: CollectRequest = { scope: 'everything', jobId: undefined, includeUnknown: false, dryRun: false };

/** False: it failed, or not everything was deleted. */
async function sweep(request: CollectRequest, deps: SweepDeps, signal: AbortSignal): Promise<boolean> {
  try {
    return tell(await collectJobGarbage(request, deps, signal), deps.logger);
  } catch (error) {
    if (!signal.aborted) {
      const failure = classifyUnknown(error, 'the collection of garbage');
      deps.logger.warn('garbage-not-collected', { code: failure.code, failure: formatFailure(failure) });
    }
    return false;
  }
}

function tell({ jobs }: Collected, logger: Logger): boolean {
  for (const { jobId, garbage, failure } of jobs) {
    if (failure !== undefined) {
      logger.warn('garbage-not-collected', { jobId, code: failure.code, failure: formatFailure(failure) });
    } else if (garbage.length > 0) {
      const bytes = garbage.reduce((sum, object) => sum + object.bytes, 0);
      logger.debug('garbage-collected', { jobId, objects: garbage.length, bytes });
    }
  }
  return jobs.every(({ failure }) => failure === undefined);
}

/** Changes whenever a checkpoint has completed. */
function pointersOf({ jobs }: KernelState): string {
  return [...jobs.values()]
    .map(({ spec, checkpoints }) => `${spec.jobId} ${pointerOf(checkpoints)?.checkpoint ?? 0n}`)
    .join();
}
