import type { Failure } from '../failure/failure.ts';
import type { Leader } from './leader.ts';

/** What is known of the leader. */
export type LeaderAnswer =
  | { readonly kind: 'leader'; readonly leader: Leader }
  /** Nobody leads at the moment: the last one has ended or lost its lease, and the next is not yet elected. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'unknown'; readonly failure: Failure };

export interface DirectoryCall {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Where task managers, the command line and standbys learn who leads. What it says may be outdated when it is read: the
 * coordinator that is dialled knows whether it leads, and whoever is told by a leader compares its epoch with the highest seen.
 */
export interface LeaderDirectory {
  /** Asks now. Ends by its deadline, and never throws. */
  find(call: DirectoryCall): Promise<LeaderAnswer>;
  /** Ends when the leader may have changed since the last `find`, after `ms`, or when the signal aborts. */
  changed(ms: number, signal: AbortSignal): Promise<void>;
  close(): void;
}
