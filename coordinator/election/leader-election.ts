import type { LeaderEpoch } from '../../shared/ids.ts';

/** A time of leading. */
export interface Leadership {
  /** Greater than that of every earlier leader. Compared in every write and carried in every message. */
  readonly epoch: LeaderEpoch;
  /** Aborts when the leadership is lost or cannot be proven any more: the process must then end. */
  readonly lost: AbortSignal;
  /**
   * Whether nobody else can lead yet, at this moment. A process that was frozen learns of its loss here before the signal
   * is delivered: asked before anything is done to the outside. Once false, it stays false. False too after `resign`.
   */
  isProven(): boolean;
  /** Gives it up, so that a standby need not wait for the lease. Never fails: a lease that is not given up runs out. */
  resign(): Promise<void>;
}

/**
 * Chooses one leader among the coordinators.
 *
 * L1  Each leader's epoch is greater than those of all before, in whatever process.
 * L2  A leader whose loss is certain, or whose leadership is no longer proven, is told by `lost` before another can win, as
 *     far as its process runs at all.
 * L3  When a leader resigns, dies or is cut off, another that campaigns wins within a bounded time.
 *
 * Not guaranteed: that an earlier leader has stopped. It may be frozen, and wake up later: what it still writes is rejected
 * by its epoch. A lease is liveness, never safety.
 */
export interface LeaderElection {
  /** Waits until this process leads; undefined when the signal aborts before. Outages of the service are waited for. */
  campaign(signal: AbortSignal): Promise<Leadership | undefined>;
  /** Frees what a campaign needs. A leadership that was not given up is lost. */
  close(): Promise<void>;
}
