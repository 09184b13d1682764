import { compareOrder } from '../../shared/checkpoint/segment-ref.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { KeyedDescription } from '../../shared/control/acknowledgement.ts';

/** The last completed checkpoint's description of the same operator of the same subtask. */
export interface KeyedBase {
  readonly checkpoint: CheckpointId;
  readonly segments: readonly SegmentRef[];
}

export type ResolvedKeyed =
  | { readonly kind: 'resolved'; readonly segments: readonly SegmentRef[] }
  | { readonly kind: 'unusable'; readonly problem: string };

/**
 * All segments of a subtask in the order in which they are applied (segment-ref.ts R2). A difference to anything but the last
 * completed checkpoint is refused: the task manager then has not heard of it, will, and describes the whole the next time.
 */
export function resolveKeyed(keyed: KeyedDescription, base: KeyedBase | undefined): ResolvedKeyed {
  if (keyed.kind === 'whole') {
    return { kind: 'resolved', segments: inOrder(keyed.segments) };
  }
  if (base?.checkpoint !== keyed.checkpoint) {
    const last = base === undefined ? 'none is known' : `the last is ${base.checkpoint}`;
    return { kind: 'unusable', problem: `described its state by checkpoint ${keyed.checkpoint}, but ${last}` };
  }
  const kept: SegmentRef[] = [];
  for (const place of keyed.kept) {
    const segment = base.segments[place];
    if (segment === undefined) {
      return { kind: 'unusable', problem: `names segment ${place} of ${base.segments.length}` };
    }
    kept.push(segment);
  }
  return { kind: 'resolved', segments: inOrder([...kept, ...keyed.added]) };
}

function inOrder(segments: readonly SegmentRef[]): readonly SegmentRef[] {
  return [...segments].sort((a, b) => compareOrder(a.to, b.to));
}
