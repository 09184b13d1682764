import { StreamError } from '../failure/failure.ts';
import type { GraphResult, JobDefaults, JobDefinition } from '../graph/define-job.ts';
import type { RawArguments } from '../graph/job-arguments.ts';
import type { LogicalGraph } from '../graph/logical-graph.ts';

/**
 * The graph that a job's build function draws.
 * @throws StreamError `job-graph-invalid` naming every problem, one per line; `job-build-failed` when the function throws.
 *   Its message is kept: the function sees arguments and code, never a record.
 */
export function buildGraph(job: JobDefinition, args: RawArguments, defaults: JobDefaults): LogicalGraph {
  const result = build(job, args, defaults);
  if (result.kind === 'invalid') {
    throw new StreamError({
      code: 'job-graph-invalid',
      reaction: 'fail-job',
      message: `job ${job.name} cannot run:\n${result.problems.map((problem) => `  - ${problem}`).join('\n')}`,
      remedy: 'Correct the job or its arguments and submit it again.',
    });
  }
  return result.graph;
}

function build(job: JobDefinition, args: RawArguments, defaults: JobDefaults): GraphResult {
  try {
    return job.build(args, defaults);
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is no error';
    throw new StreamError(
      {
        code: 'job-build-failed',
        reaction: 'fail-job',
        message: `the build function of job ${job.name} threw ${what}`,
        remedy: 'It must only draw the graph: no I/O, no waiting. Try it with "nerve plan".',
      },
      { cause: error },
    );
  }
}
