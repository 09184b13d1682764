import type { JobModule } from '../../shared/control/messages.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import { describePlan } from '../../shared/graph/describe-plan.ts';
import { layoutSubtasks } from '../../shared/graph/execution-layout.ts';
import { fingerprintOf } from '../../shared/graph/fingerprint.ts';
import { slotsNeeded } from '../../shared/graph/job-graph.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { JobId, VertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';

/** What the coordinator knows of a job from its submission: plain data, never changed. */
export interface JobSpec {
  readonly jobId: JobId;
  readonly name: string;
  readonly module: JobModule;
  readonly args: RawArguments;
  readonly defaultParallelism: number;
  readonly maxParallelism: number;
  readonly fingerprint: string;
  readonly slotsNeeded: number;
  readonly vertices: readonly VertexSpec[];
  readonly sources: readonly JobSource[];
  readonly planJson: string;
}

/** Subtask i of the vertex runs in the job's slot `firstSlot + i` (execution layout I1). */
export interface VertexSpec {
  readonly id: VertexId;
  readonly parallelism: number;
  readonly firstSlot: number;
}

/** A source is the head of its vertex, so the vertex names it. */
export interface JobSource {
  readonly vertex: VertexId;
  readonly assignment: 'eager' | 'on-request';
  /** undefined: discovery happens once. */
  readonly discoveryIntervalMs: number | undefined;
}

/** What a submission says beside the graph. */
export type Submission = Pick<JobSpec, 'jobId' | 'module' | 'args' | 'defaultParallelism' | 'maxParallelism'>;

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
    vertices: graph.vertices.map(({ id, parallelism }) => ({
      id,
      parallelism,
      firstSlot: required(firstSlots.get(id), `first slot of ${id}`),
    })),
    sources,
    planJson: JSON.stringify(describePlan(graph)),
  };
}

export function parallelismOfVertex(spec: JobSpec, vertex: VertexId): number {
  return required(
    spec.vertices.find(({ id }) => id === vertex),
    `vertex ${vertex}`,
  ).parallelism;
}
