import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { JobModule } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { fingerprintOf } from '../../shared/graph/fingerprint.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import type { JobId } from '../../shared/ids.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { defaultsOf, deriveJobSpec } from '../jobs/job-spec.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { shapeSpecAt } from '../jobs/shape-spec.ts';
import type { DrawSpec } from '../jobs/shape-spec.ts';
import type { JobOrigin } from '../kernel/kernel-events.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import type { ParallelismBounds } from '../scheduling/choose-parallelism.ts';
import { closeConnectors } from '../runtime/job-connectors.ts';
import type { JobConnectors } from '../runtime/job-connectors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { checkSinks, makeConnectors } from './make-connectors.ts';
import type { ConnectorDeps, MadeConnectors } from './make-connectors.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';

export interface SubmitDeps extends ConnectorDeps {
  readonly loop: CoordinatorLoop;
  readonly artifacts: ArtifactStore;
  readonly inspect: (request: InspectionRequest, signal: AbortSignal) => Promise<Inspection>;
  readonly load: (location: string) => Promise<JobDefinition>;
  /** What a sink's transactions must last at least under this cluster's checkpoint settings. */
  readonly transactionTimeoutNeededMs: number;
  /** Unique: names the history of checkpoints that a job makes. */
  readonly newLineage: () => string;
}

export interface SubmitRequest {
  readonly jobId: JobId;
  readonly module:
    { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'path'; readonly path: string };
  readonly args: RawArguments;
  readonly parallelism: number;
  readonly maxParallelism: number;
  /** Of a reactive job; `parallelism` is then its least. */
  readonly reactive?: ParallelismBounds;
  /** Given the job as it was drawn, what it begins with: objects are copied only for a job that is sound. */
  readonly prepareOrigin?: (job: PreparedJob, signal: AbortSignal) => Promise<JobOrigin>;
}

export interface PreparedJob {
  readonly spec: JobSpec;
  readonly graph: JobGraph;
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
  const lineage = deps.newLineage();
  const made = makeConnectors(graph, { jobId, lineage }, deps);
  const submission = { jobId, module, args, defaultParallelism: parallelism, maxParallelism, lineage };
  const { reactive } = request;
  const draw: DrawSpec = (defaultParallelism) =>
    deriveJobSpec(
      { ...submission, defaultParallelism },
      chainGraph(buildGraph(job, args, { parallelism: defaultParallelism, maxParallelism })),
      made.sources,
    );
  const prepared = await closingOnError(made, async () => {
    const spec = reactive === undefined ? draw(parallelism) : shapeSpecAt(draw, reactive, parallelism);
    await checkMade(made, deps, signal);
    checkSpecSize(spec);
    if (spec.fingerprint !== inspection.fingerprint) {
      throw invalid([
        'the job draws another graph each time it is built: its build function must depend on its arguments only',
      ]);
    }
    return { spec, origin: await request.prepareOrigin?.({ spec, graph }, signal) };
  });
  return await deps.loop.submit({ ...prepared, connectors: made }, signal);
}

/** It is part of a record that is written at each change of the job's state (check-transaction.ts). */
const SPEC_BYTES_MAX = 256 * 1024;

/** @throws StreamError `job-invalid` when the record of the job would be too large */
export function checkSpecSize(spec: JobSpec): void {
  const specBytes = Buffer.byteLength(JSON.stringify(spec));
  if (specBytes > SPEC_BYTES_MAX) {
    throw invalid([`the job's plan and arguments take ${specBytes} bytes; at most ${SPEC_BYTES_MAX} are possible`]);
  }
}

async function checkMade(made: MadeConnectors, deps: SubmitDeps, signal: AbortSignal): Promise<void> {
  const problems =
    made.problems.length > 0 ? made.problems : await checkSinks(made, deps.transactionTimeoutNeededMs, signal);
  if (problems.length > 0) {
    throw invalid(problems);
  }
}

async function closingOnError<T>(made: JobConnectors, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // Why it was refused says more than what a connector says when it is closed.
    await Promise.allSettled([closeConnectors(made)]);
    throw error;
  }
}

/** The connectors of a job that another leader has accepted. @throws StreamError */
export async function remakeConnectors(
  spec: JobSpec,
  deps: ConnectorDeps & Pick<SubmitDeps, 'artifacts' | 'load'>,
): Promise<JobConnectors> {
  const { module, args } = spec;
  const location = module.kind === 'artifact' ? await deps.artifacts.fetch(module.hash) : module.path;
  const job = await deps.load(location);
  const graph = chainGraph(buildGraph(job, args, defaultsOf(spec)));
  const made = makeConnectors(graph, spec, deps);
  return await closingOnError(made, async () => {
    await Promise.resolve();
    if (made.problems.length > 0) {
      throw invalid(made.problems);
    }
    if (fingerprintOf(graph) !== spec.fingerprint) {
      throw invalid([`the module ${location} draws another graph than the job that was accepted`]);
    }
    return made;
  });
}

async function storeModule({ module }: SubmitRequest, artifacts: ArtifactStore): Promise<JobModule> {
  return module.kind === 'path' ? module : { kind: 'artifact', hash: await artifacts.put(module.bytes) };
}

function invalid(problems: readonly string[]): StreamError {
  return new StreamError({ code: 'job-invalid', reaction: 'fail-job', message: problems.join('\n') });
}
