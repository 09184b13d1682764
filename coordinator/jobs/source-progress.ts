import type { Discovery, SplitState } from '../../shared/connector/source.ts';
import type { SplitId } from '../../shared/ids.ts';
import type { Instant } from '../membership/members.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';

/**
 * What is known of one source of a job, over all attempts.
 *
 * I1  A split's start position is resolved once, when it is discovered, and stored before the split is assigned: a restart
 *     begins there, never at a position resolved anew (shared/connector/source.ts I1).
 * I2  At most one discovery of a source is under way.
 */
export interface SourceProgress {
  /** At their start positions, in the order of discovery. */
  readonly splits: readonly SplitState[];
  readonly isComplete: boolean;
  readonly discovery: DiscoveryState;
  /** Discoveries that failed since the last one that did not. */
  readonly failures: number;
}

export type DiscoveryState =
  /** Look at once when the readers are ready. */
  | { readonly kind: 'due' }
  | { readonly kind: 'under-way' }
  | { readonly kind: 'later'; readonly at: Instant }
  | { readonly kind: 'over' };

export const UNDISCOVERED: SourceProgress = {
  splits: [],
  isComplete: false,
  discovery: { kind: 'due' },
  failures: 0,
};

/** A discovery that fails is repeated after 0.25 s, 0.5 s, …; the first one of a job costs the attempt after these tries. */
export const DISCOVERY_BACKOFF: RetryBackoff = { firstMs: 250, mostMs: 30_000, triesMax: 4 };

export function isDiscoveryDue(progress: SourceProgress, now: Instant): boolean {
  const { discovery } = progress;
  return discovery.kind === 'due' || (discovery.kind === 'later' && discovery.at <= now);
}

export function knownSplits(progress: SourceProgress): ReadonlySet<SplitId> {
  return new Set(progress.splits.map((split) => split.id));
}

/** What was found and is new; a connector that reports a known split again changes nothing. */
export function chooseNewSplits(progress: SourceProgress, discovery: Discovery): readonly SplitState[] {
  const known = new Set<string>(progress.splits.map((split) => split.id));
  return discovery.splits.filter((split) => {
    const isNew = !known.has(split.id);
    known.add(split.id);
    return isNew;
  });
}
