import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { Clock } from '../../shared/clock/clock.ts';
import type { CoordinatorConnectors } from '../../shared/connector/connector.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import type { SplitEnumerator } from '../../shared/connector/source.ts';
import type { JobModule } from '../../shared/control/messages.ts';
import { classifyUnknown, formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { JobId, OperatorUid, VertexId } from '../../shared/ids.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { deriveJobSpec } from '../jobs/job-spec.ts';
import type { JobSource } from '../jobs/job-spec.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import { closeConnectors } from '../runtime/job-connectors.ts';
import type { JobConnectors } from '../runtime/job-connectors.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { Inspection, InspectionRequest } from './inspection.ts';

export interface SubmitDeps {
  readonly loop: CoordinatorLoop;
  readonly artifacts: ArtifactStore;
  readonly connectors: CoordinatorConnectors;
  readonly settings: ConnectorSettings;
  readonly clock: Clock;
  readonly logger: Logger;
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

function makeConnectors(
  graph: JobGraph,
  jobId: JobId,
  deps: SubmitDeps,
): JobConnectors & { readonly sources: readonly JobSource[] } {
  const problems: string[] = [];
  const sources: JobSource[] = [];
  const enumerators = new Map<VertexId, SplitEnumerator>();
  const committers = new Map<OperatorUid, SinkCommitter>();
  const context = (uid: string): { logger: Logger; settings: ConnectorSettings; clock: Clock } => ({
    settings: deps.settings,
    clock: deps.clock,
    logger: deps.logger.with({ jobId, operator: uid }),
  });
  for (const vertex of graph.vertices) {
    for (const { uid, operator } of vertex.nodes) {
      if (operator.kind !== 'source' && operator.kind !== 'sink') {
        continue;
      }
      const spec = operator.kind === 'source' ? operator.source : operator.sink;
      const connector = deps.connectors.get(spec.connector);
      if (connector === undefined) {
        const known = [...deps.connectors.keys()].join(', ');
        problems.push(
          `${operator.kind} "${uid}": there is no connector "${spec.connector}"; this cluster has ${known}`,
        );
        continue;
      }
      try {
        if (operator.kind === 'source') {
          const enumerator = connector.createEnumerator(operator.source, context(uid));
          enumerators.set(vertex.id, enumerator);
          const { assignment, discoveryIntervalMs } = enumerator;
          sources.push({ vertex: vertex.id, assignment, discoveryIntervalMs });
        } else {
          committers.set(
            parseOperatorUid(uid),
            connector.createCommitter(operator.sink, { ...context(uid), jobId, uid }),
          );
        }
      } catch (error) {
        problems.push(`${operator.kind} "${uid}": ${formatFailure(classifyUnknown(error, 'its connector'))}`);
      }
    }
  }
  if (problems.length > 0) {
    throw invalid(problems);
  }
  return { enumerators, committers, sources };
}

function invalid(problems: readonly string[]): StreamError {
  return new StreamError({ code: 'job-invalid', reaction: 'fail-job', message: problems.join('\n') });
}
