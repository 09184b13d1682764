import type { AttemptNumber, JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { JobRecord } from './job-record.ts';

export interface ForgottenJob {
  readonly jobId: JobId;
  readonly attemptFloor: AttemptNumber | 0;
}

/**
 * Where jobs are stored. Guarantees that the coordinator needs:
 *
 * I1  A write is durable when its promise resolves.
 * I2  A write whose epoch is smaller than one that the store has seen is rejected with reaction `stop-quietly`, and changes
 *     nothing: someone newer leads.
 * I3  A write whose outcome is unknown is repeated by the adapter until it is known; it rejects only when it is certain that
 *     nothing was written, or when the process must not go on.
 *
 * Not guaranteed: any order between writes that are under way at the same time (the coordinator awaits each).
 */
export interface JobStore {
  putJob(record: JobRecord, epoch: LeaderEpoch, signal: AbortSignal): Promise<void>;
  /**
   * Forgets a job that has ended, and remembers, in the same write, the highest attempt number of all that were forgotten.
   * Deleting an unknown one is no error.
   */
  deleteJob(forgotten: ForgottenJob, epoch: LeaderEpoch, signal: AbortSignal): Promise<void>;
}
