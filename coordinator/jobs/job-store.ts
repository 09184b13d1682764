import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { JobRecord } from './job-record.ts';

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
  /** Forgets a job that has ended. Deleting an unknown one is no error. */
  deleteJob(jobId: JobId, epoch: LeaderEpoch, signal: AbortSignal): Promise<void>;
}
