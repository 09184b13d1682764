import type { EpochMs } from '../../../shared/clock/clock.ts';
import type { RestoreHandle } from '../../../shared/control/messages.ts';
import type { AttemptNumber, VertexId } from '../../../shared/ids.ts';
import type { StoredCheckpoints } from '../../checkpoints/open-checkpoints.ts';
import { NOTHING_QUARANTINED } from '../../recovery/quarantine.ts';
import { NEVER_RESTARTED } from '../../recovery/restart-policy.ts';
import { NO_ATTEMPTS } from '../attempt-record.ts';
import { openingCheckpoints } from '../job-checkpoints.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import type { CreatedJob } from '../job.ts';
import type { JobSpec } from '../job-spec.ts';
import { UNDISCOVERED } from '../source-progress.ts';
import type { SourceProgress } from '../source-progress.ts';
import { awaitSlots } from './waiting-for-slots.ts';
import { NO_SUSPECTS } from '../../scheduling/suspects.ts';

/**
 * Submitted; its record is being stored. Exits: waiting-for-slots, cancelled.
 */
export function createJob(spec: JobSpec, beginning: JobBeginning, wallMs: EpochMs): JobStep {
  const job: CreatedJob = {
    kind: 'created',
    spec,
    submittedAtMs: wallMs,
    changedAtMs: wallMs,
    lastAttempt: beginning.lastAttempt,
    previousPlaces: [],
    suspects: NO_SUSPECTS,
    restarts: NEVER_RESTARTED,
    failures: [],
    quarantine: NOTHING_QUARANTINED,
    sources: new Map(spec.sources.map(({ vertex }) => [vertex, beginning.sources.get(vertex) ?? UNDISCOVERED])),
    checkpoints: openingCheckpoints(beginning.stored, beginning.origin),
    attempts: NO_ATTEMPTS,
  };
  return {
    ...unchangedJob(job),
    persist: [{ kind: 'put-new-job', record: recordOf(job), attempts: job.attempts }],
  };
}

/** What of a new job is not in its specification. */
export interface JobBeginning {
  /** The highest number that a job of the same id may have used; none is used again (job.ts I2). */
  readonly lastAttempt: AttemptNumber | 0;
  /** Holds the checkpoint ids that a job of the same id may have used. */
  readonly stored: StoredCheckpoints;
  readonly origin: RestoreHandle | undefined;
  /** What its origin knows of its sources. */
  readonly sources: ReadonlyMap<VertexId, SourceProgress>;
}

export function onStored(job: CreatedJob, context: JobContext): JobStep {
  return unchangedJob(awaitSlots(job, context.wallMs));
}
