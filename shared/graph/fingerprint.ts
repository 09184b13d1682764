import { createHash } from 'node:crypto';
import type { JobGraph } from './job-graph.ts';
import { describePlan } from './describe-plan.ts';

/**
 * What two processes compare before they run the same job: sha256 of the plan, in hex. Equal means the same vertices,
 * channels, parallelism and serializers; it says nothing about the code inside the functions (the artifact's hash does).
 */
export function fingerprintOf(graph: JobGraph): string {
  return createHash('sha256')
    .update(JSON.stringify(describePlan(graph)))
    .digest('hex');
}
