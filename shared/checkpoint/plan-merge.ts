import type { CheckpointId } from '../ids.ts';
import { intersectRanges, isSameRange } from './segment-ref.ts';
import type { SegmentRef } from './segment-ref.ts';

export interface MergePolicy {
  /** Fewer are left alone: merging them costs more than reading them. */
  readonly runMin: number;
  /** More at once would read more than one step should. */
  readonly runMax: number;
  /** A segment joins a run when it is at most so many times as large as all newer ones of the run together. */
  readonly ratio: number;
}

export const MERGE_POLICY: MergePolicy = { runMin: 4, runMax: 16, ratio: 1.5 };

/**
 * Size-tiered: finds neighbouring deltas of like size to be merged into one, so that each byte is rewritten a logarithmic
 * number of times. Only deltas of checkpoints up to `completed` (catalog G2), of the same range, with nothing between them
 * that speaks of the same key groups. The newest such run; undefined when none is worth it.
 */
export function planMerge(
  refs: readonly SegmentRef[],
  completed: CheckpointId,
  policy: MergePolicy = MERGE_POLICY,
): readonly SegmentRef[] | undefined {
  const units = unitsOf(refs.filter((ref) => ref.to.checkpoint <= completed));
  for (let newest = units.length - 1; newest >= policy.runMin - 1; newest -= 1) {
    const run = runEndingAt(units, newest, policy);
    if (run.length >= policy.runMin) {
      return run.flatMap((unit) => unit.refs);
    }
  }
  return undefined;
}

/** The pieces of one stream: an object has a greatest size, so a large merge leaves several, and they are no run by themselves. */
interface Unit {
  readonly refs: SegmentRef[];
  readonly first: SegmentRef;
  bytes: number;
}

function unitsOf(refs: readonly SegmentRef[]): readonly Unit[] {
  const units = new Map<string, Unit>();
  for (const ref of refs) {
    const { kind, from, to, range } = ref;
    const name = [kind, from.checkpoint, from.part, to.checkpoint, to.part, range.first, range.last].join();
    const unit = units.get(name) ?? { refs: [], first: ref, bytes: 0 };
    unit.refs.push(ref);
    unit.bytes += ref.length;
    units.set(name, unit);
  }
  return Array.from(units.values());
}

function runEndingAt(units: readonly Unit[], newest: number, { runMax, ratio }: MergePolicy): readonly Unit[] {
  const last = units[newest];
  if (last?.first.kind !== 'delta') {
    return [];
  }
  const { range } = last.first;
  const run = [last];
  let bytes = last.bytes;
  for (let i = newest - 1; i >= 0 && run.length < runMax; i -= 1) {
    const unit = units[i];
    if (unit === undefined || intersectRanges(unit.first.range, range) === undefined) {
      continue;
    }
    if (unit.first.kind !== 'delta' || !isSameRange(unit.first.range, range) || unit.bytes > bytes * ratio) {
      break;
    }
    run.unshift(unit);
    bytes += unit.bytes;
  }
  return run;
}
