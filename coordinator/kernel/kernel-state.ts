import type { AttemptNumber, JobId } from '../../shared/ids.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSettings } from '../jobs/job-events.ts';
import { NO_MEMBERS } from '../membership/members.ts';
import type { Membership } from '../membership/members.ts';
import type { MembershipSettings } from '../membership/membership-events.ts';
import { EMPTY_LEDGER } from '../scheduling/slot-ledger.ts';
import type { SlotLedger } from '../scheduling/slot-ledger.ts';

/** All that the leader knows. A value: a step makes a new one, and shares what has not changed. */
export interface KernelState {
  readonly membership: Membership;
  readonly ledger: SlotLedger;
  /** In the order of submission. */
  readonly jobs: ReadonlyMap<JobId, Job>;
  /** The highest attempt number of a job that was forgotten: an unknown id may be one of those, and numbers on from here. */
  readonly attemptFloor: AttemptNumber | 0;
}

export interface KernelSettings extends MembershipSettings, JobSettings {
  /** Ended jobs that are kept, in the store and for `nerve list`; the oldest are forgotten. */
  readonly endedJobsMax: number;
}

export const EMPTY_KERNEL: KernelState = {
  membership: NO_MEMBERS,
  ledger: EMPTY_LEDGER,
  jobs: new Map(),
  attemptFloor: 0,
};
