import type { Deployment } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { JobDefinition } from '../../shared/graph/define-job.ts';
import { fingerprintOf } from '../../shared/graph/fingerprint.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';

/**
 * The job's graph as this process builds it, which must be the one that the coordinator built: else channels and subtasks
 * would not match those of other processes.
 * @throws StreamError `fingerprint-mismatch`, and those of `buildGraph`
 */
export function graphOf(job: JobDefinition, deployment: Deployment): JobGraph {
  const { args, defaultParallelism: parallelism, maxParallelism, parallelismOverrides, fingerprint } = deployment;
  const graph = chainGraph(buildGraph(job, args, { parallelism, maxParallelism, parallelismOverrides }));
  if (fingerprintOf(graph) !== fingerprint) {
    throw new StreamError({
      code: 'fingerprint-mismatch',
      reaction: 'fail-job',
      message: `the job ${job.name} has another graph here than the one that was submitted`,
      remedy:
        'Its build function must depend on nothing but its arguments, and a module given by path must be the same in every process.',
    });
  }
  return graph;
}
