import { Flow } from './flow.ts';
import { GraphRecorder } from './graph-recorder.ts';
import { parseArguments } from './job-arguments.ts';
import type { ArgumentDeclarations, JobArguments, RawArguments } from './job-arguments.ts';
import type { LogicalGraph } from './logical-graph.ts';
import { argumentsFromWire } from './arguments-wire.ts';
import { validateGraph } from './validate-graph.ts';

export interface JobDefaults {
  /** `parallelism.default`. */
  readonly parallelism: number;
  /** `pipeline.max-parallelism`. */
  readonly maxParallelism: number;
  /** By uid, as `nerve rescale` set it: wins over what the build function says. */
  readonly parallelismOverrides?: ParallelismOverrides;
}

export type ParallelismOverrides = Readonly<Record<string, number>>;

export type GraphResult =
  | { readonly kind: 'graph'; readonly graph: LogicalGraph }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** What a job module exports as `job`. The build function runs wherever the graph is needed; it must not do I/O. */
export interface JobDefinition {
  readonly kind: 'nerve-job';
  readonly name: string;
  readonly declaredArguments: ArgumentDeclarations;
  build(raw: RawArguments, defaults: JobDefaults): GraphResult;
}

/**
 * Defines a job. `build` draws its graph on `flow`; `options.args` declares what `nerve submit … -- --flag value` may set.
 * What only the build can tell of the arguments it reports by `flow.problem`; a throw is a fault of the job.
 * @throws never: problems are returned by `build`, all at once.
 */
export function defineJob<const A extends ArgumentDeclarations = Readonly<Record<string, never>>>(
  name: string,
  build: (flow: Flow, args: JobArguments<A>) => void,
  options: { readonly args?: A } = {},
): JobDefinition {
  const declaredArguments: ArgumentDeclarations = options.args ?? {};
  return {
    kind: 'nerve-job',
    name,
    declaredArguments,
    build: (raw, defaults) => {
      const parsed = parseArguments(declaredArguments, raw);
      if (parsed.kind === 'invalid') {
        return parsed;
      }
      const recorder = new GraphRecorder();
      build(new Flow(recorder), argumentsFromWire<A>(parsed.values));
      const overrides = new Map(Object.entries(defaults.parallelismOverrides ?? {}));
      const graph: LogicalGraph = {
        jobName: name,
        defaultParallelism: defaults.parallelism,
        maxParallelism: defaults.maxParallelism,
        nodes: recorder.nodes.map((node) => ({ ...node, parallelism: overrides.get(node.uid) ?? node.parallelism })),
        edges: recorder.edges,
      };
      const problems = hasGivenUp(recorder)
        ? recorder.problems
        : [...recorder.problems, ...unknownOverrides(graph, overrides), ...validateGraph(graph)];
      return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'graph', graph };
    },
  };
}

/** A build that reports problems and draws nothing could not go on: that it has no source is no news then. */
function hasGivenUp({ nodes, problems }: GraphRecorder): boolean {
  return nodes.length === 0 && problems.length > 0;
}

function unknownOverrides({ nodes }: LogicalGraph, overrides: ReadonlyMap<string, number>): readonly string[] {
  const known = nodes.map(({ uid }) => uid);
  return [...overrides.keys()]
    .filter((uid) => !known.includes(uid))
    .map((uid) => `there is no operator "${uid}" to set the parallelism of; known are ${known.join(', ')}`);
}
