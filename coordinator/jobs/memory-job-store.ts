import { StreamError } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { JobRecord } from './job-record.ts';
import type { ForgottenJob, JobStore } from './job-store.ts';

/** Keeps records for as long as the process lives: the embedded default. */
export class MemoryJobStore implements JobStore {
  readonly #records = new Map<JobId, JobRecord>();
  #highest = 0n;
  #attemptFloor: ForgottenJob['attemptFloor'] = 0;

  get records(): ReadonlyMap<JobId, JobRecord> {
    return this.#records;
  }

  get attemptFloor(): ForgottenJob['attemptFloor'] {
    return this.#attemptFloor;
  }

  async putJob(record: JobRecord, epoch: LeaderEpoch): Promise<void> {
    await this.#fence(epoch);
    this.#records.set(record.spec.jobId, record);
  }

  async deleteJob({ jobId, attemptFloor }: ForgottenJob, epoch: LeaderEpoch): Promise<void> {
    await this.#fence(epoch);
    this.#records.delete(jobId);
    this.#attemptFloor = attemptFloor;
  }

  async #fence(epoch: LeaderEpoch): Promise<void> {
    await Promise.resolve();
    if (epoch < this.#highest) {
      throw new StreamError({
        code: 'coordinator-fenced',
        reaction: 'stop-quietly',
        message: `The coordinator of epoch ${epoch} was replaced by one of epoch ${this.#highest}.`,
      });
    }
    this.#highest = epoch;
  }
}
