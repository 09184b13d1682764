import { parseAttemptNumber } from '../../shared/ids.ts';
import type { JobId } from '../../shared/ids.ts';
import type { CheckpointPointer } from '../checkpoints/checkpoint-events.ts';
import { pointerOf } from '../jobs/job-checkpoints.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import type { JobFacts } from '../savepoints/plan-garbage.ts';

/**
 * What the collection of garbage goes by. The published state is durable, and may lag behind the records by a write whose
 * answer is under way: it is then as it was a moment before, which is all that the planner needs.
 */
export function jobFacts(job: Job): JobFacts {
  const pointer = pointerOf(job.checkpoints);
  const current = job.attempts.current;
  const began = current === undefined || pointer?.attempt === current.number ? undefined : current.restoredFrom;
  const origin = pointer === undefined ? job.checkpoints.origin : undefined;
  return {
    jobId: job.spec.jobId,
    hasEnded: hasEnded(job),
    currentAttempt: current?.number,
    newestAttempt: job.lastAttempt,
    lastCompleted: pointer,
    roots: new Set([
      ...namedBy(pointer),
      ...(job.checkpoints.machine?.copying ?? []).map(({ pin }) => pin.metadataKey),
      ...[began, origin].flatMap((handle) => (handle === undefined ? [] : [handle.metadataKey])),
    ]),
  };
}

/** Of a job that no record speaks of: whatever stands in its folder was left by attempts that are over. */
export function factsOfUnknown(jobId: JobId): JobFacts {
  return {
    jobId,
    hasEnded: true,
    currentAttempt: undefined,
    newestAttempt: parseAttemptNumber(Number.MAX_SAFE_INTEGER),
    lastCompleted: undefined,
    roots: new Set(),
  };
}

function namedBy(pointer: CheckpointPointer | undefined): readonly string[] {
  return pointer === undefined
    ? []
    : [pointer, ...pointer.retained, ...pointer.pins].map(({ metadataKey }) => metadataKey);
}
