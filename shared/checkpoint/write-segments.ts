import type { CheckpointId } from '../ids.ts';
import { StreamError } from '../failure/failure.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';
import type { SnapshotStore, StoreCall } from '../snapshot-store/snapshot-store.ts';
import { BASE_PART } from './segment-ref.ts';
import type { SegmentLocation, SegmentOrder, SegmentRef } from './segment-ref.ts';
import { SegmentWriter } from './segment-writer.ts';
import type { WrittenSegment } from './segment-writer.ts';
import type { EntryStream } from './state-entry.ts';

export interface WriteSegmentsOptions {
  readonly store: SnapshotStore;
  readonly call: StoreCall;
  /** A key that no other object ever has: object names are never reused (reference §2.9, FLINK-24611). */
  readonly nextKey: () => string;
  /** An object is closed at this size: what is held in memory until it is put. */
  readonly objectBytes: number;
  /** Segments no larger travel inside the checkpoint's metadata. */
  readonly inlineBytesMax: number;
  /** Awaited after each object that was stored. */
  readonly afterObject?: (() => Promise<void>) | undefined;
}

/** What the segments of one stream have in common. */
export interface SegmentLabel {
  readonly kind: 'delta' | 'base';
  readonly range: KeyGroupRange;
  readonly from: SegmentOrder;
  readonly to: SegmentOrder;
}

/**
 * Writes a stream of entries as one or more segments. An ambiguous put has been repeated until the deadline by the store; if it
 * is still ambiguous the snapshot has failed, and its objects are garbage that no checkpoint names.
 */
export async function writeSegments(
  entries: EntryStream,
  labelOf: (index: number) => SegmentLabel,
  options: WriteSegmentsOptions,
): Promise<SegmentRef[]> {
  const refs: SegmentRef[] = [];
  let writer = new SegmentWriter();
  const close = async (): Promise<void> => {
    const written = writer.finish();
    writer = new SegmentWriter();
    refs.push(await place(written, labelOf(refs.length), options));
  };
  for await (const batch of entries) {
    options.call.signal.throwIfAborted();
    for (const entry of batch) {
      writer.add(entry);
    }
    if (writer.length >= options.objectBytes) {
      await close();
    }
  }
  if (writer.entries > 0) {
    await close();
  }
  return refs;
}

/** Parts of one checkpoint, in the order in which they are written: `taken` says how many there are already. */
export function deltaLabel(
  range: KeyGroupRange,
  checkpoint: CheckpointId,
  taken: () => number,
): (index: number) => SegmentLabel {
  const first = taken();
  return (index) => {
    const order = { checkpoint, part: first + index };
    return { kind: 'delta', range, from: order, to: order };
  };
}

export function baseLabel(range: KeyGroupRange, checkpoint: CheckpointId): () => SegmentLabel {
  const order = { checkpoint, part: BASE_PART };
  return () => ({ kind: 'base', range, from: order, to: order });
}

async function place(written: WrittenSegment, label: SegmentLabel, options: WriteSegmentsOptions): Promise<SegmentRef> {
  const location = await locationOf(written, options);
  return { ...label, location, length: written.bytes.length, sha256: written.sha256 };
}

async function locationOf({ bytes }: WrittenSegment, options: WriteSegmentsOptions): Promise<SegmentLocation> {
  if (bytes.length <= options.inlineBytesMax) {
    return { kind: 'inline', bytes };
  }
  const key = options.nextKey();
  const answer = await options.store.put(key, bytes, options.call);
  switch (answer.kind) {
    case 'created':
      await options.afterObject?.();
      return { kind: 'object', key };
    case 'ambiguous':
      throw new StreamError(answer.failure);
    case 'exists':
      throw new StreamError({
        code: 'snapshot-key-taken',
        reaction: 'restart-job',
        message: `the snapshot object ${key} exists already with other content`,
        remedy: 'Two jobs write under one prefix of state.checkpoints.dir: give each its own.',
      });
  }
}
