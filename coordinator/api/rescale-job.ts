import { StreamError } from '../../shared/failure/failure.ts';
import type { ParallelismOverrides } from '../../shared/graph/define-job.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { AttemptNumber, CheckpointId, JobId } from '../../shared/ids.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { defaultsOf, deriveJobSpec } from '../jobs/job-spec.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { shapeSpec, shapeSpecAt } from '../jobs/shape-spec.ts';
import type { DrawSpec } from '../jobs/shape-spec.ts';
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

async function rescaledSpec(before: JobSpec, order: RescaleOrder, deps: RescaleDeps): Promise<JobSpec> {
  const { jobId, reactive } = before;
  if (reactive !== undefined && order.parallelism !== undefined) {
    throw new StreamError({
      code: 'invalid-request',
      reaction: 'fail-job',
      message: `the job ${jobId} is reactive: its parallelism is what the slots give it.`,
      remedy: 'Start or stop task managers; --operator UID=N sets that of one operator.',
    });
  }
  const overrides = { ...before.parallelismOverrides, ...order.overrides };
  const draw = await drawing({ ...before, parallelismOverrides: overrides }, deps);
  const parallelism = order.parallelism ?? before.defaultParallelism;
  const spec = reactive === undefined ? draw(parallelism) : shapeSpecAt(draw, reactive, parallelism);
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

/** A reactive job at the greatest parallelism that so many slots give; undefined: they are too few. @throws StreamError */
export async function shapeJob(
  { spec, slots }: { readonly spec: JobSpec; readonly slots: number },
  deps: Pick<RescaleDeps, 'artifacts' | 'load'>,
): Promise<JobSpec | undefined> {
  const { reactive } = spec;
  const shaped = reactive === undefined ? spec : shapeSpec(await drawing(spec, deps), reactive, slots);
  if (shaped !== undefined) {
    checkSpecSize(shaped);
  }
  return shaped;
}

/** The same job, at any parallelism. */
async function drawing(
  before: JobSpec,
  { artifacts, load }: Pick<RescaleDeps, 'artifacts' | 'load'>,
): Promise<DrawSpec> {
  const { jobId, module, args, maxParallelism, parallelismOverrides = {}, lineage, sources } = before;
  const job = await load(module.kind === 'artifact' ? await artifacts.fetch(module.hash) : module.path);
  return (defaultParallelism) => {
    const submission = { jobId, module, args, maxParallelism, parallelismOverrides, lineage, defaultParallelism };
    // What a source says of itself (sources) does not depend on how many of its readers there are.
    return deriveJobSpec(submission, chainGraph(buildGraph(job, args, defaultsOf(submission))), sources);
  };
}

function isOver({ jobs }: KernelState, jobId: JobId, before: AttemptNumber): boolean {
  const job = jobs.get(jobId);
  return job === undefined || hasEnded(job) || (job.kind === 'running' && job.lastAttempt > before);
}
