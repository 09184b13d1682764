import type { Clock } from '../../shared/clock/clock.ts';
import { formatFailure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import { callOutside } from './call-outside.ts';
import type { JobConnectors, OpenConnectors } from './job-connectors.ts';
import type { TaskScope } from './task-scope.ts';

/** Makes the coordinator's halves of a job's connectors from its module. @throws StreamError */
export type RemakeConnectors = (spec: JobSpec, signal: AbortSignal) => Promise<JobConnectors>;

export interface RemakeDeps {
  readonly remakeConnectors: RemakeConnectors;
  readonly connectors: OpenConnectors;
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
      if (!(await remake(spec, deps, signal))) {
        deps.scope.spawn(async (ending) => {
          await remakeLater(spec, deps, ending);
        });
      }
    }),
  );
}

async function remakeLater(spec: JobSpec, deps: RemakeDeps, signal: AbortSignal): Promise<void> {
  let isMade = false;
  for (let tries = 1; !isMade && !signal.aborted; tries += 1) {
    await deps.clock.sleep(backoffMs(REPEAT, tries), signal);
    isMade = await remake(spec, deps, signal);
  }
}

async function remake(
  spec: JobSpec,
  { remakeConnectors, connectors, clock, logger }: RemakeDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const { jobId } = spec;
  const what = `making the connectors of job ${jobId}`;
  const call = async (calling: AbortSignal): Promise<JobConnectors> => await remakeConnectors(spec, calling);
  const result = await callOutside({ what, deadlineMs: DEADLINE_MS, call }, clock, signal);
  if (result.kind === 'done') {
    connectors.set(jobId, result.value);
  } else if (result.kind === 'failed') {
    const { failure } = result;
    logger.error('connectors-not-made', { jobId, code: failure.code, failure: formatFailure(failure) });
  }
  return result.kind === 'done';
}
