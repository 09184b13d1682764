import { parentPort, workerData } from 'node:worker_threads';
import { classifyUnknown, formatSentences } from '../../shared/failure/failure.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { loadJob } from '../../shared/job/node-load-job.ts';
import { declareRequestFromWire } from './declare-wire.ts';
import { declaredOperators } from './declared-operators.ts';
import type { Declared } from './declared-operators.ts';

/** The thread in which the functions of a job are opened (node-declare-states.ts). */
parentPort?.postMessage(await declare());

async function declare(): Promise<Declared> {
  const { location, args, parallelism, maxParallelism } = declareRequestFromWire(workerData);
  try {
    const graph = chainGraph(buildGraph(await loadJob(location), args, { parallelism, maxParallelism }));
    return { kind: 'declared', operators: declaredOperators(graph) };
  } catch (error) {
    return { kind: 'failed', sentence: formatSentences(classifyUnknown(error, 'the job module')) };
  }
}
