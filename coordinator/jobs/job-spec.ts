import type { JobModule } from '../../shared/control/messages.ts';
import type { JobDefaults, ParallelismOverrides } from '../../shared/graph/define-job.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import { describePlan } from '../../shared/graph/describe-plan.ts';
import { layoutSubtasks } from '../../shared/graph/execution-layout.ts';
import { fingerprintOf } from '../../shared/graph/fingerprint.ts';
import { slotsNeeded } from '../../shared/graph/job-graph.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { JobEdge, JobVertex } from '../../shared/graph/job-graph.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { JobId, OperatorUid, VertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { VertexInput } from '../checkpoints/plan-checkpoint.ts';
import type { ReactiveShape } from '../scheduling/scale-reactive.ts';

/** What the coordinator knows of a job from its submission: plain data; only a planned redeployment replaces it. */
export interface JobSpec {
  readonly jobId: JobId;
  readonly name: string;
  readonly module: JobModule;
  readonly args: RawArguments;
  readonly defaultParallelism: number;
  readonly maxParallelism: number;
  /** As `nerve rescale` set it; absent: nothing was. */
  readonly parallelismOverrides?: ParallelismOverrides;
  /** Its parallelism follows the slots; absent: it is fixed. */
  readonly reactive?: ReactiveShape;
  readonly fingerprint: string;
  /** Names the history that its checkpoints make: a local store may catch up within it, and only within it. */
  readonly lineage: string;
  readonly slotsNeeded: number;
  readonly vertices: readonly VertexSpec[];
  readonly sources: readonly JobSource[];
  readonly sinks: readonly JobSink[];
  readonly planJson: string;
}

/** Subtask i of the vertex runs in the job's slot `firstSlot + i` (execution layout I1). */
export interface VertexSpec {
  readonly id: VertexId;
  readonly parallelism: number;
  readonly firstSlot: number;
  readonly inputs: readonly VertexInput[];
  /** Every operator of the chain, its head first. */
  readonly operators: readonly OperatorUid[];
}

export interface JobSink {
  readonly uid: OperatorUid;
  readonly parallelism: number;
}

/** A source is the head of its vertex, so the vertex names it. */
export interface JobSource {
  readonly vertex: VertexId;
  readonly assignment: 'eager' | 'on-request';
  /** undefined: discovery happens once. */
  readonly discoveryIntervalMs: number | undefined;
}

/** What a submission says beside the graph. */
export type Submission = Pick<
  JobSpec,
  'jobId' | 'module' | 'args' | 'defaultParallelism' | 'maxParallelism' | 'parallelismOverrides' | 'lineage'
>;

export function deriveJobSpec(submission: Submission, graph: JobGraph, sources: readonly JobSource[]): JobSpec {
  const firstSlots = new Map<VertexId, number>();
  for (const { vertex, subtask, slot } of layoutSubtasks(graph)) {
    if (subtask === 0) {
      firstSlots.set(vertex, slot);
    }
  }
  return {
    ...submission,
    name: graph.jobName,
    fingerprint: fingerprintOf(graph),
    slotsNeeded: slotsNeeded(graph),
    vertices: graph.vertices.map(({ id, parallelism, nodes }) => ({
      id,
      parallelism,
      firstSlot: required(firstSlots.get(id), `first slot of ${id}`),
      inputs: graph.edges.filter(({ to }) => to === id).map(inputOf),
      operators: nodes.map(({ uid }) => parseOperatorUid(uid)),
    })),
    sources,
    sinks: graph.vertices.flatMap(sinksOf),
    planJson: JSON.stringify(describePlan(graph)),
  };
}

/** With what a job's build function is called, here and in every task manager. */
export function defaultsOf({ defaultParallelism, maxParallelism, parallelismOverrides = {} }: Submission): JobDefaults {
  return { parallelism: defaultParallelism, maxParallelism, parallelismOverrides };
}

/** What a checkpoint's metadata calls the job's code. */
export function artifactName({ module }: JobSpec): string {
  return module.kind === 'artifact' ? module.hash : module.path;
}

/** A forward edge between vertices has equal parallelism (job-graph.ts I2). */
function inputOf({ from, edge }: JobEdge): VertexInput {
  return { from, pairs: edge.partitioning.kind === 'forward' ? 'same-index' : 'all' };
}

function sinksOf({ nodes, parallelism }: JobVertex): readonly JobSink[] {
  return nodes
    .filter(({ operator }) => operator.kind === 'sink')
    .map(({ uid }) => ({ uid: parseOperatorUid(uid), parallelism }));
}

export function parallelismOfVertex(spec: JobSpec, vertex: VertexId): number {
  return required(
    spec.vertices.find(({ id }) => id === vertex),
    `vertex ${vertex}`,
  ).parallelism;
}
