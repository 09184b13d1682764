import type { Clock } from '../../shared/clock/clock.ts';
import { formatFailure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { KernelEvent, KernelSend } from '../kernel/kernel-events.ts';
import { callOutside } from './call-outside.ts';

/**
 * Draws a reactive job at the greatest parallelism that so many slots give; undefined: they are too few.
 * @throws StreamError when its module cannot be had, or draws no sound job
 */
export type ShapeJob = (
  order: { readonly spec: JobSpec; readonly slots: number },
  signal: AbortSignal,
) => Promise<JobSpec | undefined>;

/** Its module may have to be fetched from the snapshot store first. */
const DEADLINE_MS = 20_000;

/** Answers always, but at the end of the process. */
export async function shapeJobOf(
  { jobId, spec, slots }: Extract<KernelSend, { kind: 'shape-job' }>,
  {
    shapeJob,
    raise,
    clock,
    logger,
  }: {
    readonly shapeJob: ShapeJob;
    readonly raise: (event: KernelEvent) => void;
    readonly clock: Clock;
    readonly logger: Logger;
  },
  signal: AbortSignal,
): Promise<void> {
  const what = `drawing job ${jobId} for ${slots} slots`;
  const call = async (calling: AbortSignal): Promise<JobSpec | undefined> => await shapeJob({ spec, slots }, calling);
  const result = await callOutside({ what, deadlineMs: DEADLINE_MS, call }, clock, signal);
  if (result.kind === 'done') {
    raise({ kind: 'job-shaped', jobId, slots, of: spec, spec: result.value });
  } else if (result.kind === 'failed') {
    const { failure } = result;
    logger.warn('job-not-drawn', { jobId, slots, code: failure.code, failure: formatFailure(failure) });
    raise({ kind: 'job-not-shaped', jobId, slots, of: spec, failure });
  }
}
