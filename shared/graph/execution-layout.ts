import { parseSubtaskIndex } from '../ids.ts';
import type { SubtaskIndex, VertexId } from '../ids.ts';
import { required } from '../invariant.ts';
import type { JobEdge, JobGraph, JobVertex } from './job-graph.ts';

/**
 * Expansion to subtasks, the same in every process from the job graph alone.
 *
 * I1  Slots are numbered from 0: first those of the first slot sharing group, then the next. Subtask i of every vertex of a
 *     group runs in the group's i-th slot.
 * I2  A channel is one producer subtask to one consumer subtask of one edge. A forward edge has the channels (i, i); every
 *     other edge has all pairs.
 */
export interface SubtaskPlace {
  readonly vertex: VertexId;
  readonly subtask: SubtaskIndex;
  readonly slot: number;
}

export interface Channel {
  readonly edge: number;
  readonly producer: SubtaskIndex;
  readonly consumer: SubtaskIndex;
}

/** Every subtask of the job with the number of its slot. */
export function layoutSubtasks(graph: JobGraph): readonly SubtaskPlace[] {
  const bases = slotBases(graph);
  return graph.vertices.flatMap((vertex) => {
    const base = required(bases.get(vertex.slotSharingGroup), `slots of group ${vertex.slotSharingGroup}`);
    return subtasksOf(vertex).map((subtask) => ({ vertex: vertex.id, subtask, slot: base + subtask }));
  });
}

/** The channels of one edge. */
export function channelsOf(graph: JobGraph, edge: JobEdge): readonly Channel[] {
  const producers = subtasksOf(vertexOf(graph, edge.from));
  const consumers = subtasksOf(vertexOf(graph, edge.to));
  if (edge.edge.partitioning.kind === 'forward') {
    return producers.map((subtask) => ({ edge: edge.index, producer: subtask, consumer: subtask }));
  }
  return producers.flatMap((producer) => consumers.map((consumer) => ({ edge: edge.index, producer, consumer })));
}

export function vertexOf(graph: JobGraph, id: VertexId): JobVertex {
  return required(
    graph.vertices.find((vertex) => vertex.id === id),
    `vertex ${id}`,
  );
}

function subtasksOf(vertex: JobVertex): readonly SubtaskIndex[] {
  return Array.from({ length: vertex.parallelism }, (_, i) => parseSubtaskIndex(i));
}

function slotBases(graph: JobGraph): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const vertex of graph.vertices) {
    sizes.set(vertex.slotSharingGroup, Math.max(sizes.get(vertex.slotSharingGroup) ?? 0, vertex.parallelism));
  }
  const bases = new Map<string, number>();
  let next = 0;
  for (const [group, size] of sizes) {
    bases.set(group, next);
    next += size;
  }
  return bases;
}
