import type { JobId } from '../../shared/ids.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSettings, UsedNumbers } from '../jobs/job-events.ts';
import { NO_MEMBERS } from '../membership/members.ts';
import type { Instant, Membership } from '../membership/members.ts';
import type { MembershipSettings } from '../membership/membership-events.ts';
import { EMPTY_LEDGER } from '../scheduling/slot-ledger.ts';
import type { SlotLedger } from '../scheduling/slot-ledger.ts';

/** All that the leader knows. A value: a step makes a new one, and shares what has not changed. */
export interface KernelState {
  readonly membership: Membership;
  readonly ledger: SlotLedger;
  /** In the order of submission. */
  readonly jobs: ReadonlyMap<JobId, Job>;
  /** The highest numbers of jobs that were forgotten: an unknown id may be one of those, and numbers on from here. */
  readonly floor: UsedNumbers;
  /** Until then some task managers may not have had the time to register with this leader. */
  readonly settledAt: Instant;
}

export interface KernelSettings extends MembershipSettings, JobSettings {
  /** Ended jobs that are kept, in the store and for `nerve list`; the oldest are forgotten. */
  readonly endedJobsMax: number;
}

export const EMPTY_KERNEL: KernelState = {
  membership: NO_MEMBERS,
  ledger: EMPTY_LEDGER,
  jobs: new Map(),
  floor: { attempt: 0, checkpoint: 0n },
  settledAt: 0,
};
