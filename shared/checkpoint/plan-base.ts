import type { CheckpointId } from '../ids.ts';
import { parseKeyGroup } from '../ids.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';
import { intersectRanges } from './segment-ref.ts';
import type { SegmentRef } from './segment-ref.ts';

export interface BasePolicy {
  /** Bundles into which a subtask's key groups are divided: one is rewritten at a time. */
  readonly bundles: number;
  /** A bundle is rewritten when its deltas are so many times as large as its base. */
  readonly ratio: number;
  /** Deltas of a bundle below this are left alone. */
  readonly deltaBytesMin: number;
}

export const BASE_POLICY: BasePolicy = { bundles: 8, ratio: 1, deltaBytesMin: 1024 * 1024 };

/** Divides a range into at most `bundles` parts of like size. */
export function bundlesOf({ first, last }: KeyGroupRange, bundles: number): KeyGroupRange[] {
  const groups = last - first + 1;
  const count = Math.min(bundles, groups);
  return Array.from({ length: count }, (_, i) => ({
    first: parseKeyGroup(first + Math.floor((i * groups) / count)),
    last: parseKeyGroup(first + Math.floor(((i + 1) * groups) / count) - 1),
  }));
}

/**
 * The bundle whose base is most worth rewriting, undefined when none is. A restore then reads at most (1 + ratio) × the state,
 * and a byte of state is rewritten once for each byte of change. Sizes are estimates: an object's bytes, spread evenly over the
 * key groups of its range.
 */
export function planBase(
  refs: readonly SegmentRef[],
  range: KeyGroupRange,
  completed: CheckpointId,
  policy: BasePolicy = BASE_POLICY,
): KeyGroupRange | undefined {
  let chosen: KeyGroupRange | undefined;
  let highest = policy.ratio;
  for (const bundle of bundlesOf(range, policy.bundles)) {
    const settled = refs.filter((ref) => ref.to.checkpoint <= completed);
    const deltaBytes = bytesIn(settled, 'delta', bundle);
    const ratio = deltaBytes / Math.max(1, bytesIn(settled, 'base', bundle));
    if (deltaBytes >= policy.deltaBytesMin && ratio > highest) {
      highest = ratio;
      chosen = bundle;
    }
  }
  return chosen;
}

function bytesIn(refs: readonly SegmentRef[], kind: SegmentRef['kind'], bundle: KeyGroupRange): number {
  let bytes = 0;
  for (const ref of refs) {
    const common = intersectRanges(ref.range, bundle);
    if (ref.kind === kind && common !== undefined) {
      bytes += (ref.length * (common.last - common.first + 1)) / (ref.range.last - ref.range.first + 1);
    }
  }
  return bytes;
}
