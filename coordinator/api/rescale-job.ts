import { StreamError } from '../../shared/failure/failure.ts';
import type { ParallelismOverrides } from '../../shared/graph/define-job.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { AttemptNumber, CheckpointId, JobId } from '../../shared/ids.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { defaultsOf, deriveJobSpec } from '../jobs/job-spec.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import { checkSpecSize } from './submit-job.ts';
import type { SubmitDeps } from './submit-job.ts';

export interface RescaleOrder {
  /** undefined: as it is. */
  readonly parallelism: number | undefined;
  /** By uid; of other operators what was set before stays. */
  readonly overrides: ParallelismOverrides;
}

export interface Rescaled {
  readonly attempt: AttemptNumber;
  readonly checkpoint: CheckpointId;
}

export type RescaleDeps = Pick<SubmitDeps, 'artifacts' | 'load'> & {
  readonly loop: Pick<CoordinatorLoop, 'state' | 'until' | 'redeploy'>;
};

/**
 * Has a job that runs go on at another parallelism, from a checkpoint that is taken for it; returns when it runs again.
 * @throws StreamError `job-graph-invalid` (an unknown uid, more than the max parallelism), `invalid-request` (nothing would change),
 *   `too-few-slots`, `redeployment-failed`; the job then goes on as it was. `rescale-incomplete`: it was redeployed, and has ended.
 */
export async function rescaleJob(
  job: Job,
  order: RescaleOrder,
  deps: RescaleDeps,
  signal: AbortSignal,
): Promise<Rescaled> {
  const { loop } = deps;
  const { jobId } = job.spec;
  const spec = await rescaledSpec(job.spec, order, deps);
  const answer = await loop.redeploy(jobId, spec, signal);
  if (answer.kind === 'refused') {
    throw new StreamError(answer.failure);
  }
  const state = await loop.until((seen) => isOver(seen, jobId, answer.attempt), signal);
  const after = state?.jobs.get(jobId);
  if (after?.kind !== 'running' || after.lastAttempt === 0) {
    throw new StreamError({
      code: 'rescale-incomplete',
      reaction: 'retry',
      message: `The job is deployed anew from checkpoint ${answer.checkpoint}, but does not run yet, or has ended.`,
      remedy: `"nerve status ${jobId}" shows it.`,
    });
  }
  return { attempt: after.lastAttempt, checkpoint: answer.checkpoint };
}

async function rescaledSpec(before: JobSpec, order: RescaleOrder, { artifacts, load }: RescaleDeps): Promise<JobSpec> {
  const { jobId, module, args, maxParallelism, lineage, sources } = before;
  const submission = {
    jobId,
    module,
    args,
    maxParallelism,
    lineage,
    defaultParallelism: order.parallelism ?? before.defaultParallelism,
    parallelismOverrides: { ...before.parallelismOverrides, ...order.overrides },
  };
  const job = await load(module.kind === 'artifact' ? await artifacts.fetch(module.hash) : module.path);
  // What a source says of itself (sources) does not depend on how many of its readers there are.
  const spec = deriveJobSpec(submission, chainGraph(buildGraph(job, args, defaultsOf(submission))), sources);
  checkSpecSize(spec);
  if (spec.fingerprint === before.fingerprint) {
    throw new StreamError({
      code: 'invalid-request',
      reaction: 'fail-job',
      message: `the job ${jobId} has this parallelism already.`,
    });
  }
  return spec;
}

function isOver({ jobs }: KernelState, jobId: JobId, before: AttemptNumber): boolean {
  const job = jobs.get(jobId);
  return job === undefined || hasEnded(job) || (job.kind === 'running' && job.lastAttempt > before);
}
