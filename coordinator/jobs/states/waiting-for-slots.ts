import type { EpochMs } from '../../../shared/clock/clock.ts';
import { commonOf } from '../job.ts';
import type { CreatedJob, RestartingJob, WaitingJob } from '../job.ts';

/**
 * Nothing of the job is deployed, and it wants to run. Exits: deploying (the kernel found slots), cancelled.
 * Waiting is not stored: a coordinator that reads the record finds out by itself whether there are slots.
 */
export function awaitSlots(job: CreatedJob | RestartingJob, wallMs: EpochMs): WaitingJob {
  return { ...commonOf(job, wallMs), kind: 'waiting-for-slots', reason: 'about to look for slots', asked: undefined };
}

/** The same job when the reason has not changed. */
export function withReason(job: WaitingJob, reason: string): WaitingJob {
  return job.reason === reason ? job : { ...job, reason };
}
