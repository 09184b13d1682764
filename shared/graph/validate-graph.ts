import { isName } from '../ids.ts';
import { MAX_PARALLELISM_LIMIT } from '../keygroups/key-groups.ts';
import { isKeyed, MAIN_OUTPUT, parallelismOf } from './logical-graph.ts';
import type { LogicalGraph, LogicalNode } from './logical-graph.ts';

/** Every problem of a graph, as sentences that name the operator and say what to do. Empty when it may run. */
export function validateGraph(graph: LogicalGraph): readonly string[] {
  const problems: string[] = [];
  checkJob(graph, problems);
  const seen = new Set<string>();
  for (const node of graph.nodes) {
    if (seen.has(node.uid)) {
      problems.push(`two operators have the uid "${node.uid}": a uid finds an operator's state, make each unique`);
    }
    seen.add(node.uid);
    checkNode(graph, node, problems);
  }
  checkOutputsUsed(graph, problems);
  return problems;
}

function checkJob(graph: LogicalGraph, problems: string[]): void {
  if (!isName(graph.jobName)) {
    problems.push(
      `the job's name "${graph.jobName}" must be 1 to 128 of [A-Za-z0-9._-] and begin with a letter or digit`,
    );
  }
  if (!graph.nodes.some((node) => node.operator.kind === 'source')) {
    problems.push('the job has no source: begin with flow.source(…)');
  }
  if (!graph.nodes.some((node) => node.operator.kind === 'sink')) {
    problems.push('the job has no sink: end a stream with .sinkTo(…)');
  }
  if (!isWhole(graph.maxParallelism, 1, MAX_PARALLELISM_LIMIT)) {
    problems.push(`pipeline.max-parallelism must be 1 to ${MAX_PARALLELISM_LIMIT}, got ${graph.maxParallelism}`);
  }
}

function checkNode(graph: LogicalGraph, node: LogicalNode, problems: string[]): void {
  const at = `operator "${node.uid}"`;
  if (!isName(node.uid)) {
    problems.push(`${at}: a uid must be 1 to 128 of [A-Za-z0-9._-] and begin with a letter or digit`);
  }
  const parallelism = parallelismOf(graph, node);
  if (!isWhole(parallelism, 1, graph.maxParallelism)) {
    problems.push(
      `${at}: parallelism must be a whole number from 1 to the maximum ${graph.maxParallelism}, got ${parallelism}`,
    );
  }
  if (node.operator.kind === 'async') {
    const { inFlightMax, timeoutMs } = node.operator.async;
    if (!isWhole(inFlightMax, 1, 100_000)) {
      problems.push(`${at}: inFlightMax must be a whole number from 1 to 100000, got ${inFlightMax}`);
    }
    if (!(timeoutMs > 0)) {
      problems.push(`${at}: timeoutMs must be above 0, got ${timeoutMs}`);
    }
  }
  checkQuarantine(graph, node, problems);
  for (const edge of graph.edges) {
    if (edge.to === node.uid && edge.partitioning.kind !== 'hash' && isKeyed(node.operator.kind)) {
      problems.push(
        `${at}: a keyed operator reads a stream that was not keyed: union the streams first, then call keyBy; connect a keyed stream with a keyed one only`,
      );
    }
  }
}

/** What leaves a quarantine by a side output that nothing reads would be lost. */
function checkQuarantine(graph: LogicalGraph, { uid, operator, quarantine }: LogicalNode, problems: string[]): void {
  if (quarantine === undefined) {
    return;
  }
  const at = `operator "${uid}"`;
  const why = WITHOUT_QUARANTINE[operator.kind];
  if (why !== undefined) {
    problems.push(`${at}: a ${operator.kind} operator can have no quarantine: ${why}`);
  }
  if (quarantine.output === MAIN_OUTPUT) {
    problems.push(`${at}: a quarantine's side output must not be called "${MAIN_OUTPUT}"`);
  } else if (!graph.edges.some(({ from, output }) => from === uid && output === quarantine.output)) {
    problems.push(
      `${at}: nothing reads the side output "${quarantine.output}" of its quarantine, so its records would be lost: read it with .sideOutput(tag)`,
    );
  }
}

const WITHOUT_QUARANTINE: Readonly<Partial<Record<LogicalNode['operator']['kind'], string>>> = {
  source: 'what a source cannot read is no record yet',
  sink: 'what a sink cannot write says nothing of the record; check it in an operator before the sink',
  async:
    'a rejection speaks of what was called, not of the record; give a value that says so, and check that behind it',
};

/** A stream that nothing reads is a mistake, except a side output: the user may not care for it. */
function checkOutputsUsed(graph: LogicalGraph, problems: string[]): void {
  for (const node of graph.nodes) {
    const used = graph.edges.some(({ from, output }) => from === node.uid && output !== node.quarantine?.output);
    if (!used && node.operator.kind !== 'sink') {
      problems.push(`operator "${node.uid}": nothing reads its output: end it with .sinkTo(…) or remove it`);
    }
  }
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
