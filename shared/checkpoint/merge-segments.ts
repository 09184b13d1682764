import { required } from '../invariant.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';
import { mergeEntries } from './merge-entries.ts';
import { readSegment } from './read-segment.ts';
import type { ReadSegmentOptions } from './read-segment.ts';
import type { SegmentRef } from './segment-ref.ts';
import type { StateEntry } from './state-entry.ts';
import { writeSegments } from './write-segments.ts';
import type { WriteSegmentsOptions } from './write-segments.ts';

const BATCH = 512;

/**
 * What several segments, in their order, say of a range of key groups. `keepDeletions`: something older lies below them.
 * Memory: `fetchBytes` for each segment that overlaps the range.
 */
export function readMerged(
  refs: readonly SegmentRef[],
  range: KeyGroupRange,
  keepDeletions: boolean,
  options: ReadSegmentOptions,
): AsyncGenerator<readonly StateEntry[]> {
  const inputs = refs.map((ref) => readSegment(ref, range, options));
  return mergeEntries(inputs, { keepDeletions, batchMax: BATCH });
}

/** Merges deltas of one range (`planMerge`) into one, or several when it is large. */
export async function mergeSegments(
  sources: readonly SegmentRef[],
  reading: ReadSegmentOptions,
  writing: WriteSegmentsOptions,
): Promise<SegmentRef[]> {
  const oldest = required(sources[0], 'the first of the segments to merge');
  const newest = required(sources.at(-1), 'the last of the segments to merge');
  const label = { kind: 'delta' as const, range: newest.range, from: oldest.from, to: newest.to };
  return await writeSegments(readMerged(sources, newest.range, true, reading), () => label, writing);
}
