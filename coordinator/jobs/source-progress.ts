import type { Discovery, SplitState } from '../../shared/connector/source.ts';
import type { SplitId } from '../../shared/ids.ts';
import type { SubtaskMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { KnownSplits } from '../checkpoints/known-splits-wire.ts';
import type { Instant } from '../membership/members.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';

/**
 * What is known of one source of a job, over all attempts.
 *
 * I1  A split's start position is resolved once, when it is discovered, and stored before the split is assigned: a restart
 *     begins there, never at a position resolved anew (shared/connector/source.ts I1).
 * I2  At most one discovery of a source is under way.
 * I3  What a completed checkpoint describes as finished is never assigned again.
 */
export interface SourceProgress extends KnownSplits {
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
  finished: new Set(),
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

/**
 * What the readers of an attempt are given: every split that is not finished, where the checkpoint has it, or else at its
 * start. `subtasks`: the source's in the checkpoint from which the attempt begins.
 */
export function splitsToRead(
  { splits, finished }: KnownSplits,
  subtasks: readonly Pick<SubtaskMetadata, 'splits'>[],
): readonly SplitState[] {
  const read = new Map(subtasks.flatMap((subtask) => subtask.splits.map((split) => [split.id, split] as const)));
  return splits.flatMap(({ id, position }) => {
    const restored = read.get(id);
    return finished.has(id) || restored?.isFinished === true ? [] : [{ id, position: restored?.position ?? position }];
  });
}

/** Of a job that begins with another's checkpoint or savepoint: what that one knew, each split where it was then. */
export function progressOf(known: KnownSplits, subtasks: readonly Pick<SubtaskMetadata, 'splits'>[]): SourceProgress {
  const read = new Map(subtasks.flatMap((subtask) => subtask.splits.map((split) => [split.id, split] as const)));
  const finished = new Set(known.finished);
  read.forEach(({ isFinished }, id) => isFinished && finished.add(id));
  const splits = known.splits.map(({ id, position }) => ({ id, position: read.get(id)?.position ?? position }));
  // A first look would give start positions as if nothing had been read; a later one finds what is new, from its earliest record.
  return { splits, finished, isComplete: known.isComplete, discovery: { kind: 'due' }, failures: 0 };
}
