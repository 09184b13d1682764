import type { CheckpointId } from '../ids.ts';
import { parseKeyGroup } from '../ids.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';

/** A place in the history of a subtask's state: checkpoint, and part of what that checkpoint added. */
export interface SegmentOrder {
  readonly checkpoint: CheckpointId;
  readonly part: number;
}

/** Behind every part of its checkpoint: a base holds all of it. */
export const BASE_PART = 0xffffffff;

export type SegmentLocation =
  { readonly kind: 'object'; readonly key: string } | { readonly kind: 'inline'; readonly bytes: Buffer };

/**
 * One segment as part of a checkpoint.
 *
 * R1  Only entries of key groups in `range` count, whatever else the object holds. Without this an old segment of a former,
 *     wider subtask would overwrite newer deltas after the second rescale.
 * R2  Segments that overlap are applied in ascending order of `to`.
 * R3  A base holds all of its range as of `to.checkpoint`: for those key groups no segment with a smaller `to` is needed.
 */
export interface SegmentRef {
  readonly kind: 'delta' | 'base';
  readonly location: SegmentLocation;
  /** Bytes of the whole object. */
  readonly length: number;
  /** Of the whole object, in hex. */
  readonly sha256: string;
  readonly range: KeyGroupRange;
  readonly from: SegmentOrder;
  readonly to: SegmentOrder;
}

export function compareOrder(a: SegmentOrder, b: SegmentOrder): number {
  if (a.checkpoint !== b.checkpoint) {
    return a.checkpoint < b.checkpoint ? -1 : 1;
  }
  return a.part - b.part;
}

export function intersectRanges(a: KeyGroupRange, b: KeyGroupRange): KeyGroupRange | undefined {
  const first = parseKeyGroup(Math.max(a.first, b.first));
  const last = Math.min(a.last, b.last);
  return first > last ? undefined : { first, last: parseKeyGroup(last) };
}

/** What is left of `a` without `b`: nothing, one range or two. */
export function subtractRange(a: KeyGroupRange, b: KeyGroupRange): KeyGroupRange[] {
  if (intersectRanges(a, b) === undefined) {
    return [a];
  }
  const left: KeyGroupRange[] = [];
  if (a.first < b.first) {
    left.push({ first: a.first, last: parseKeyGroup(b.first - 1) });
  }
  if (a.last > b.last) {
    left.push({ first: parseKeyGroup(b.last + 1), last: a.last });
  }
  return left;
}

export function isSameRange(a: KeyGroupRange, b: KeyGroupRange): boolean {
  return a.first === b.first && a.last === b.last;
}

/** Names a segment in errors: its key, or that it is inline. */
export function nameOfSegment({ location, to }: SegmentRef): string {
  return location.kind === 'object' ? location.key : `inline of checkpoint ${to.checkpoint}`;
}
