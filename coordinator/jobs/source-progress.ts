import type { Discovery, SplitState } from '../../shared/connector/source.ts';
import type { SplitId } from '../../shared/ids.ts';
import type { SubtaskMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { withFinished } from '../checkpoints/build-metadata.ts';
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
 * The splits where an attempt begins to read them that begins with a checkpoint: those that it holds at its positions, all others
 * where they would have begun. So the next checkpoints say also of a split that no reader has got yet where it is to be read from.
 * `subtasks`: the source's in that checkpoint.
 */
export function atCheckpoint<K extends KnownSplits>(known: K, subtasks: readonly Pick<SubtaskMetadata, 'splits'>[]): K {
  const read = new Map(subtasks.flatMap((subtask) => subtask.splits.map((split) => [split.id, split] as const)));
  if (read.size === 0) {
    return known;
  }
  const splits = known.splits.map(({ id, position }) => ({ id, position: read.get(id)?.position ?? position }));
  return { ...known, splits, finished: withFinished(known.finished, subtasks) };
}

/** What is still to be read. */
export function unfinishedSplits({ splits, finished }: KnownSplits): readonly SplitState[] {
  return finished.size === 0 ? splits : splits.filter(({ id }) => !finished.has(id));
}

/** Of a job that begins with another's checkpoint or savepoint: what that one knew, each split where it was then. */
export function progressOf(known: KnownSplits, subtasks: readonly Pick<SubtaskMetadata, 'splits'>[]): SourceProgress {
  const discovery = known.isComplete ? ({ kind: 'over' } as const) : ({ kind: 'due' } as const);
  return { ...atCheckpoint(known, subtasks), discovery, failures: 0 };
}
