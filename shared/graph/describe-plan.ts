import type { JobGraph, JobVertex } from './job-graph.ts';
import { slotsNeeded } from './job-graph.ts';
import type { LogicalEdge, LogicalNode } from './logical-graph.ts';
import { MAIN_OUTPUT } from './logical-graph.ts';

/** A job graph as plain data: what `nerve plan --json` prints and the fingerprint is taken of. */
export interface PlanDescription {
  readonly job: string;
  readonly maxParallelism: number;
  readonly slots: number;
  readonly vertices: readonly PlanVertex[];
  readonly edges: readonly PlanEdge[];
}

export interface PlanVertex {
  readonly id: string;
  readonly parallelism: number;
  readonly slotSharingGroup: string;
  readonly operators: readonly { readonly uid: string; readonly kind: string; readonly summary: string }[];
  readonly chained: readonly { readonly from: string; readonly output: string; readonly to: string }[];
}

export interface PlanEdge {
  readonly from: string;
  readonly output: string;
  readonly to: string;
  readonly input: number;
  readonly partitioning: string;
  readonly serializer: string;
}

export function describePlan(graph: JobGraph): PlanDescription {
  return {
    job: graph.jobName,
    maxParallelism: graph.maxParallelism,
    slots: slotsNeeded(graph),
    vertices: graph.vertices.map(describeVertex),
    edges: graph.edges.map(({ edge }) => describeEdge(edge)),
  };
}

/** For people: a vertex a paragraph, what it reads from behind it. */
export function renderPlan(plan: PlanDescription): string {
  const lines = [
    `job ${plan.job}: ${plan.vertices.length} vertices, ${plan.slots} slots, max parallelism ${plan.maxParallelism}`,
  ];
  plan.vertices.forEach((vertex, index) => {
    lines.push('', `${index + 1}. ${vertex.id} × ${vertex.parallelism}`);
    for (const operator of vertex.operators) {
      const from = vertex.chained.find((edge) => edge.to === operator.uid);
      const arrow = from === undefined ? '  ' : `  ↳ of ${from.from}${outputName(from.output)}: `;
      lines.push(`${arrow}${operator.uid} (${operator.kind}${operator.summary === '' ? '' : ` ${operator.summary}`})`);
    }
    for (const edge of plan.edges.filter((candidate) => candidate.to === vertex.id)) {
      const input = edge.input === 0 ? '' : ', second input';
      lines.push(`  ← ${edge.from}${outputName(edge.output)} by ${edge.partitioning}${input}`);
    }
  });
  return `${lines.join('\n')}\n`;
}

function outputName(output: string): string {
  return output === MAIN_OUTPUT ? '' : `[${output}]`;
}

function describeVertex(vertex: JobVertex): PlanVertex {
  return {
    id: vertex.id,
    parallelism: vertex.parallelism,
    slotSharingGroup: vertex.slotSharingGroup,
    operators: vertex.nodes.map((node) => ({ uid: node.uid, kind: node.operator.kind, summary: summaryOf(node) })),
    chained: vertex.chained.map(({ from, output, to }) => ({ from, output, to })),
  };
}

function describeEdge(edge: LogicalEdge): PlanEdge {
  return {
    from: edge.from,
    output: edge.output,
    to: edge.to,
    input: edge.input,
    partitioning: edge.partitioning.kind,
    serializer: edge.serializer?.id ?? 'default',
  };
}

function summaryOf(node: LogicalNode): string {
  switch (node.operator.kind) {
    case 'source':
      return `${node.operator.source.connector} ${node.operator.source.summary}`;
    case 'sink':
      return `${node.operator.sink.connector} ${node.operator.sink.summary}`;
    default:
      return node.quarantine === undefined ? '' : `quarantine → ${node.quarantine.output}`;
  }
}
