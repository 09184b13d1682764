import type { EpochMs } from '../clock/clock.ts';
import type { LeaderEpoch } from '../ids.ts';

/** The coordinator that leads. */
export interface Leader {
  /** host:port of its control and admin services. */
  readonly address: string;
  readonly epoch: LeaderEpoch;
  readonly sinceMs: EpochMs;
}
