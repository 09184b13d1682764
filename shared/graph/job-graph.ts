import { parseVertexId } from '../ids.ts';
import type { VertexId } from '../ids.ts';
import { required } from '../invariant.ts';
import { parallelismOf } from './logical-graph.ts';
import type { LogicalEdge, LogicalGraph, LogicalNode } from './logical-graph.ts';

/**
 * The graph as it runs: operators that can hand records over by a call are chained into one vertex; edges are what is left
 * between vertices.
 *
 * A node is chained to its producer when the edge is forward, both have the same parallelism and slot sharing group, it has
 * no other input, and it does not ask to be a head. (Flink: `StreamingJobGraphGenerator.isChainable`.)
 *
 * I1  Every node is in exactly one vertex; a vertex is a tree whose root is its head.
 * I2  Every edge between vertices ends at a head. A forward edge that is not chained connects subtask i to subtask i when the
 *     parallelism is equal; otherwise it is a rebalance (as in Flink).
 */
export interface JobGraph {
  readonly jobName: string;
  readonly maxParallelism: number;
  /** In an order in which every vertex stands behind all it reads from. */
  readonly vertices: readonly JobVertex[];
  readonly edges: readonly JobEdge[];
}

export interface JobVertex {
  /** Named after the uid of its head. */
  readonly id: VertexId;
  readonly parallelism: number;
  readonly slotSharingGroup: string;
  /** The head first, then every node behind the one it reads from. */
  readonly nodes: readonly LogicalNode[];
  /** The calls inside the chain. */
  readonly chained: readonly LogicalEdge[];
}

export interface JobEdge {
  /** Its place among the job's edges: part of every channel's name, the same in every process. */
  readonly index: number;
  readonly from: VertexId;
  readonly to: VertexId;
  /** What is sent: node and output it leaves by, input it arrives at, partitioning (never an unequal forward), serializer. */
  readonly edge: LogicalEdge;
}

export function chainGraph(graph: LogicalGraph): JobGraph {
  const nodes = new Map(graph.nodes.map((node) => [node.uid, node]));
  const isChained = (edge: LogicalEdge): boolean => canChain(graph, nodes, edge);
  const headOf = new Map<string, string>();
  for (const node of graph.nodes) {
    const inner = graph.edges.find((edge) => edge.to === node.uid && isChained(edge));
    headOf.set(node.uid, inner === undefined ? node.uid : required(headOf.get(inner.from), `head of ${inner.from}`));
  }
  const heads = graph.nodes.filter((node) => headOf.get(node.uid) === node.uid);
  return {
    jobName: graph.jobName,
    maxParallelism: graph.maxParallelism,
    vertices: heads.map((head) => ({
      id: parseVertexId(head.uid),
      parallelism: parallelismOf(graph, head),
      slotSharingGroup: head.slotSharingGroup,
      nodes: graph.nodes.filter((node) => headOf.get(node.uid) === head.uid),
      chained: graph.edges.filter((edge) => isChained(edge) && headOf.get(edge.to) === head.uid),
    })),
    edges: graph.edges
      .filter((edge) => !isChained(edge))
      .map((edge, index) => ({
        index,
        from: parseVertexId(required(headOf.get(edge.from), `head of ${edge.from}`)),
        to: parseVertexId(edge.to),
        edge: withoutUnequalForward(graph, nodes, edge),
      })),
  };
}

/** Slots the job needs: the greatest parallelism of each slot sharing group, summed over the groups. */
export function slotsNeeded(graph: JobGraph): number {
  const groups = new Map<string, number>();
  for (const vertex of graph.vertices) {
    groups.set(vertex.slotSharingGroup, Math.max(groups.get(vertex.slotSharingGroup) ?? 0, vertex.parallelism));
  }
  return [...groups.values()].reduce((sum, parallelism) => sum + parallelism, 0);
}

function canChain(graph: LogicalGraph, nodes: ReadonlyMap<string, LogicalNode>, edge: LogicalEdge): boolean {
  const from = required(nodes.get(edge.from), `operator ${edge.from}`);
  const to = required(nodes.get(edge.to), `operator ${edge.to}`);
  return (
    edge.partitioning.kind === 'forward' &&
    parallelismOf(graph, from) === parallelismOf(graph, to) &&
    from.slotSharingGroup === to.slotSharingGroup &&
    to.chaining === 'allowed' &&
    graph.edges.filter((other) => other.to === to.uid).length === 1
  );
}

function withoutUnequalForward(
  graph: LogicalGraph,
  nodes: ReadonlyMap<string, LogicalNode>,
  edge: LogicalEdge,
): LogicalEdge {
  const from = required(nodes.get(edge.from), `operator ${edge.from}`);
  const to = required(nodes.get(edge.to), `operator ${edge.to}`);
  const isUnequal = edge.partitioning.kind === 'forward' && parallelismOf(graph, from) !== parallelismOf(graph, to);
  return isUnequal ? { ...edge, partitioning: { kind: 'rebalance' } } : edge;
}
