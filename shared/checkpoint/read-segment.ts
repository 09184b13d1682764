import type { KeyGroupRange } from '../keygroups/key-groups.ts';
import { sha256Hex } from '../snapshot-store/snapshot-store.ts';
import type { ByteRange, SnapshotStore, StoreCall } from '../snapshot-store/snapshot-store.ts';
import { decodeBlock } from './decode-block.ts';
import { FOOT_BYTES, INDEX_ENTRY_BYTES, corrupt, parseBlock, parseFoot, parseIndex } from './segment-format.ts';
import type { BlockInfo } from './segment-format.ts';
import { intersectRanges, nameOfSegment } from './segment-ref.ts';
import type { SegmentRef } from './segment-ref.ts';
import type { StateEntry } from './state-entry.ts';

export interface ReadSegmentOptions {
  readonly store: SnapshotStore;
  readonly call: StoreCall;
  /** Bytes fetched at a time: the memory that reading one segment takes. */
  readonly fetchBytes: number;
  /** Called between blocks (64 KB of entries each): lets a slot's loop run while a merge goes on beside it. */
  readonly yieldTurn?: () => Promise<void>;
}

/**
 * The entries of a segment in the intersection of its valid range and `wanted`, in key order. Fetches the index and only the
 * blocks that can hold them; objects no larger than one fetch are read whole and checked against their sha256.
 */
export async function* readSegment(
  ref: SegmentRef,
  wanted: KeyGroupRange,
  options: ReadSegmentOptions,
): AsyncGenerator<readonly StateEntry[]> {
  const range = intersectRanges(ref.range, wanted);
  if (range === undefined) {
    return;
  }
  const where = nameOfSegment(ref);
  const source = await openSource(ref, options);
  const blocks = await readIndex(source, ref.length, where);
  const needed = blocks.filter(
    ({ firstKeyGroup, lastKeyGroup }) => firstKeyGroup <= range.last && lastKeyGroup >= range.first,
  );
  for (const run of runsOf(needed, options.fetchBytes)) {
    const bytes = await source(run.span);
    for (const { offset, length } of run.blocks) {
      const at = offset - run.span.offset;
      yield decodeBlock(parseBlock(bytes.subarray(at, at + length), where), range, where);
      await options.yieldTurn?.();
    }
  }
}

type Source = (range: ByteRange) => Promise<Buffer>;

async function openSource(ref: SegmentRef, { store, call, fetchBytes }: ReadSegmentOptions): Promise<Source> {
  const where = nameOfSegment(ref);
  const { location } = ref;
  if (location.kind === 'inline') {
    return checkedWhole(location.bytes, ref);
  }
  if (ref.length <= fetchBytes) {
    const answer = await store.get(location.key, call);
    if (answer.kind === 'absent') {
      throw corrupt(where, 'there is no such object');
    }
    return checkedWhole(answer.bytes, ref);
  }
  return async (range) => {
    const answer = await store.getRange(location.key, range, call);
    if (answer.kind === 'absent') {
      throw corrupt(where, 'there is no such object');
    }
    return answer.bytes;
  };
}

function checkedWhole(bytes: Buffer, ref: SegmentRef): Source {
  if (bytes.length !== ref.length || sha256Hex(bytes) !== ref.sha256) {
    throw corrupt(nameOfSegment(ref), 'its length or sha256 is not what the checkpoint says');
  }
  return async ({ offset, length }) => await Promise.resolve(bytes.subarray(offset, offset + length));
}

async function readIndex(source: Source, length: number, where: string): Promise<BlockInfo[]> {
  const foot = parseFoot(await source({ offset: length - FOOT_BYTES, length: FOOT_BYTES }), where);
  const indexLength = foot.blocks * INDEX_ENTRY_BYTES;
  if (foot.indexOffset + indexLength + FOOT_BYTES !== length) {
    throw corrupt(where, 'its index lies outside of it');
  }
  return parseIndex(await source({ offset: foot.indexOffset, length: indexLength }), foot, where);
}

/** Neighbouring blocks, fetched together up to a size; a larger block is a fetch of its own. */
function runsOf(blocks: readonly BlockInfo[], fetchBytes: number): { span: ByteRange; blocks: BlockInfo[] }[] {
  const runs: { span: ByteRange; blocks: BlockInfo[] }[] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (
      run !== undefined &&
      run.span.offset + run.span.length === block.offset &&
      run.span.length + block.length <= fetchBytes
    ) {
      run.blocks.push(block);
      run.span = { offset: run.span.offset, length: run.span.length + block.length };
    } else {
      runs.push({ span: { offset: block.offset, length: block.length }, blocks: [block] });
    }
  }
  return runs;
}
