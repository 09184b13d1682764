import type { Clock } from '../../shared/clock/clock.ts';
import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import { callOutside } from './call-outside.ts';
import { closeConnectors } from './job-connectors.ts';
import type { JobConnectors, OpenConnectors } from './job-connectors.ts';
import type { TaskScope } from './task-scope.ts';

/** Makes the coordinator's halves of a job's connectors from its module. @throws StreamError */
export type RemakeConnectors = (spec: JobSpec, signal: AbortSignal) => Promise<JobConnectors>;

export interface RemakeDeps {
  readonly remakeConnectors: RemakeConnectors;
  readonly connectors: OpenConnectors;
  /** Whether the job of a specification has not ended, and its id is not another job's by now. */
  readonly isWanted: (spec: JobSpec) => boolean;
  readonly scope: TaskScope;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DEADLINE_MS = 20_000;
const REPEAT: RetryBackoff = { firstMs: 500, mostMs: 10_000, triesMax: Number.POSITIVE_INFINITY };

/**
 * Of every job that has not ended. One whose module cannot be had now waits, with what it has to commit, and holds up no other:
 * it is tried again beside the loop.
 */
export async function remakeAll(specs: readonly JobSpec[], deps: RemakeDeps, signal: AbortSignal): Promise<void> {
  await Promise.all(
    specs.map(async (spec) => {
      const made = await remake(spec, deps, signal);
      if (made === undefined) {
        deps.scope.spawn(async (ending) => {
          await remakeLater(spec, deps, ending);
        });
      } else {
        deps.connectors.set(spec.jobId, made);
      }
    }),
  );
}

/** A job that ended meanwhile needs none, and one that took its id has its own: those of the older one would commit for it. */
async function remakeLater(spec: JobSpec, deps: RemakeDeps, signal: AbortSignal): Promise<void> {
  const { clock, connectors, isWanted } = deps;
  for (let tries = 1; ; tries += 1) {
    await clock.sleep(backoffMs(REPEAT, tries), signal);
    if (signal.aborted || !isWanted(spec)) {
      return;
    }
    const made = await remake(spec, deps, signal);
    if (made !== undefined && isWanted(spec)) {
      connectors.set(spec.jobId, made);
      return;
    }
    if (made !== undefined) {
      await closeUnwanted(made, spec, deps);
      return;
    }
  }
}

/** Undefined: not now. What comes after the deadline is closed again. */
async function remake(spec: JobSpec, deps: RemakeDeps, signal: AbortSignal): Promise<JobConnectors | undefined> {
  const { remakeConnectors, clock, logger } = deps;
  const { jobId } = spec;
  const what = `making the connectors of job ${jobId}`;
  const call = async (calling: AbortSignal): Promise<JobConnectors> => {
    const made = await remakeConnectors(spec, calling);
    if (calling.aborted) {
      await closeUnwanted(made, spec, deps);
    }
    return made;
  };
  const result = await callOutside({ what, deadlineMs: DEADLINE_MS, call }, clock, signal);
  if (result.kind === 'failed') {
    const { failure } = result;
    logger.error('connectors-not-made', { jobId, code: failure.code, failure: formatFailure(failure) });
  }
  return result.kind === 'done' ? result.value : undefined;
}

async function closeUnwanted(made: JobConnectors, { jobId }: JobSpec, { logger }: RemakeDeps): Promise<void> {
  try {
    await closeConnectors(made);
  } catch (error) {
    const failure = classifyUnknown(error, `closing the connectors of job ${jobId}`);
    logger.warn('connectors-not-closed', { jobId, failure: formatFailure(failure) });
  }
}
