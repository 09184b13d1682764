import type { LeaderEpoch } from '../../shared/ids.ts';

/** A time of leading. */
export interface Leadership {
  /** Greater than that of every earlier leader. Compared in every write and carried in every message. */
  readonly epoch: LeaderEpoch;
  /** Aborts when the leadership is lost or cannot be proven any more: the process must then end. */
  readonly lost: AbortSignal;
  /** Gives it up, so that a standby need not wait for the lease. */
  resign(): Promise<void>;
}

/**
 * Chooses one leader among the coordinators. Guarantees a greater epoch for each leader, and that the loss is noticed in
 * time; does not guarantee that an earlier leader has stopped: what it still writes is rejected by its epoch.
 */
export interface LeaderElection {
  /** Waits until this process leads; undefined when the signal aborts before. */
  campaign(signal: AbortSignal): Promise<Leadership | undefined>;
}
