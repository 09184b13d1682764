import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { JobModule } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import type { JobId } from '../../shared/ids.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { deriveJobSpec } from '../jobs/job-spec.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import { closeConnectors } from '../runtime/job-connectors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { makeConnectors } from './make-connectors.ts';
import type { ConnectorDeps } from './make-connectors.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';

export interface SubmitDeps extends ConnectorDeps {
  readonly loop: CoordinatorLoop;
  readonly artifacts: ArtifactStore;
  readonly inspect: (request: InspectionRequest, signal: AbortSignal) => Promise<Inspection>;
  readonly load: (location: string) => Promise<JobDefinition>;
}

export interface SubmitRequest {
  readonly jobId: JobId;
  readonly module:
    { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'path'; readonly path: string };
  readonly args: RawArguments;
  readonly parallelism: number;
  readonly maxParallelism: number;
}

/**
 * From a module to a job that is `created`: stored, inspected in a thread of its own, imported here, its graph drawn, the
 * coordinator's halves of its connectors made. Throws a StreamError with every problem of a step, one a line.
 */
export async function submitJob(request: SubmitRequest, deps: SubmitDeps, signal: AbortSignal): Promise<JobId> {
  const { jobId, args, parallelism, maxParallelism } = request;
  const module = await storeModule(request, deps.artifacts);
  const location = module.kind === 'artifact' ? deps.artifacts.pathOf(module.hash) : module.path;
  const inspection = await deps.inspect({ location, args, parallelism, maxParallelism }, signal);
  if (inspection.kind === 'unsound') {
    throw invalid(inspection.problems);
  }
  const job = await deps.load(location);
  const graph = chainGraph(buildGraph(job, args, { parallelism, maxParallelism }));
  const made = makeConnectors(graph, jobId, deps);
  if (made.problems.length > 0) {
    await closeConnectors(made);
    throw invalid(made.problems);
  }
  const submission = { jobId, module, args, defaultParallelism: parallelism, maxParallelism };
  const spec = deriveJobSpec(submission, graph, made.sources);
  if (spec.fingerprint !== inspection.fingerprint) {
    await closeConnectors(made);
    throw invalid([
      'the job draws another graph each time it is built: its build function must depend on its arguments only',
    ]);
  }
  return await deps.loop.submit(spec, made, signal);
}

async function storeModule({ module }: SubmitRequest, artifacts: ArtifactStore): Promise<JobModule> {
  return module.kind === 'path' ? module : { kind: 'artifact', hash: await artifacts.put(module.bytes) };
}

function invalid(problems: readonly string[]): StreamError {
  return new StreamError({ code: 'job-invalid', reaction: 'fail-job', message: problems.join('\n') });
}
