import type { EpochMs } from '../../../shared/clock/clock.ts';
import type { AttemptNumber } from '../../../shared/ids.ts';
import { NEVER_RESTARTED } from '../../recovery/restart-policy.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import type { CreatedJob } from '../job.ts';
import type { JobSpec } from '../job-spec.ts';
import { UNDISCOVERED } from '../source-progress.ts';
import { awaitSlots } from './waiting-for-slots.ts';

/**
 * Submitted; its record is being stored. Exits: waiting-for-slots, cancelled.
 *
 * `lastAttempt`: the highest number that a job of the same id may have used; none is used again (job.ts I2).
 */
export function createJob(spec: JobSpec, lastAttempt: AttemptNumber | 0, wallMs: EpochMs): JobStep {
  const job: CreatedJob = {
    kind: 'created',
    spec,
    submittedAtMs: wallMs,
    changedAtMs: wallMs,
    lastAttempt,
    previousPlaces: [],
    restarts: NEVER_RESTARTED,
    failures: [],
    sources: new Map(spec.sources.map(({ vertex }) => [vertex, UNDISCOVERED])),
  };
  return { ...unchangedJob(job), persist: [{ kind: 'put-job', record: recordOf(job) }] };
}

export function onStored(job: CreatedJob, context: JobContext): JobStep {
  return unchangedJob(awaitSlots(job, context.wallMs));
}
