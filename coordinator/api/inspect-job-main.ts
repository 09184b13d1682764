import { parentPort, workerData } from 'node:worker_threads';
import { classifyUnknown, formatSentences } from '../../shared/failure/failure.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import { fingerprintOf } from '../../shared/graph/fingerprint.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { loadJob } from '../../shared/job/node-load-job.ts';
import { inspectionRequestFromWire } from './inspection-wire.ts';
import type { Inspection } from './inspection.ts';

/** The thread in which a job module is imported for the first time (node-inspect-job.ts). */
parentPort?.postMessage(await inspect());

async function inspect(): Promise<Inspection> {
  const { location, args, parallelism, maxParallelism } = inspectionRequestFromWire(workerData);
  try {
    const job = await loadJob(location);
    const graph = buildGraph(job, args, { parallelism, maxParallelism });
    return { kind: 'sound', fingerprint: fingerprintOf(chainGraph(graph)) };
  } catch (error) {
    return { kind: 'unsound', problems: [formatSentences(classifyUnknown(error, 'the job module'))] };
  }
}
