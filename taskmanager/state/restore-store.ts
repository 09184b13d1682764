import type { Binary } from '../../shared/checkpoint/binary.ts';
import { readMerged } from '../../shared/checkpoint/merge-segments.ts';
import { compareOrder, intersectRanges } from '../../shared/checkpoint/segment-ref.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { parseKeyGroup } from '../../shared/ids.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { SnapshotStore, StoreCall } from '../../shared/snapshot-store/snapshot-store.ts';
import type { KeyValueStore, StoreWrite } from './key-value-store.ts';
import { writeOfEntry } from './layer-entries.ts';
import { keysOfRange } from './state-key.ts';
import { STAMP_KEY, formatStamp } from './store-stamp-wire.ts';
import type { LocalRecovery, StoreIdentity, StoreStamp } from './store-stamp-wire.ts';

export interface RestoreOptions {
  readonly store: KeyValueStore;
  readonly identity: StoreIdentity;
  readonly range: KeyGroupRange;
  readonly checkpoint: CheckpointId;
  /** All segments of the operator in the checkpoint, of all former subtasks; what does not concern the range is not read. */
  readonly refs: readonly SegmentRef[];
  readonly snapshots: SnapshotStore;
  readonly call: StoreCall;
  /** For segments being read at one time. */
  readonly memoryBytes: number;
  /** Between blocks. */
  readonly yieldTurn?: () => Promise<void>;
}

const FETCH_BYTES_MIN = 64 * 1024;
const FETCH_BYTES_MAX = 1024 * 1024;
const EVERYTHING: { readonly from: Binary; readonly to: Binary } = { from: '', to: '\xff\xff\xff\xff' };

/**
 * Brings the local store to a checkpoint, as `decideLocalRecovery` said. A crash in the middle leaves a store without a stamp
 * (then it is restored anew) or with one that says what is being applied (then it is applied again).
 */
export async function restoreStore(options: RestoreOptions, recovery: LocalRecovery): Promise<void> {
  const { store, identity, checkpoint } = options;
  const done: StoreStamp = { ...identity, checkpoint, applying: undefined };
  switch (recovery.kind) {
    case 'reuse':
      return;
    case 'catch-up':
      await store.apply([stampWrite({ ...identity, checkpoint: recovery.after, applying: checkpoint })]);
      break;
    case 'restore':
      await store.apply([{ kind: 'delete-range', ...EVERYTHING }]);
      break;
    default:
      unreachable(recovery);
  }
  const after = recovery.kind === 'catch-up' ? recovery.after : undefined;
  for (const { range, refs, isWhole } of planRestore(options.refs, options.range, after)) {
    await load(options, range, refs, isWhole && after !== undefined ? 'replace' : isWhole ? 'fill' : 'change');
  }
  await store.apply([stampWrite(done)]);
}

/** One piece of a restore: key groups to which the same segments apply. */
export interface RestorePiece {
  readonly range: KeyGroupRange;
  /** In the order in which they apply. */
  readonly refs: readonly SegmentRef[];
  /** The segments hold all of its state; otherwise they are changes to what the store has. */
  readonly isWhole: boolean;
}

/**
 * Cuts the wanted range where the segments' ranges begin and end, so that each piece reads exactly the segments that speak of
 * it (R1). `after`: the store has that checkpoint; what is older is not read, except where a newer base has replaced it.
 */
export function planRestore(
  refs: readonly SegmentRef[],
  wanted: KeyGroupRange,
  after: CheckpointId | undefined,
): readonly RestorePiece[] {
  const needed = refs
    .filter(
      (ref) => intersectRanges(ref.range, wanted) !== undefined && (after === undefined || ref.to.checkpoint > after),
    )
    .toSorted((a, b) => compareOrder(a.to, b.to));
  const starts = new Set<number>([wanted.first]);
  for (const { range } of needed) {
    starts.add(Math.max(range.first, wanted.first));
    starts.add(range.last + 1);
  }
  const cuts = Array.from(starts)
    .filter((start) => start <= wanted.last)
    .sort((a, b) => a - b);
  return cuts.map((first, i) => {
    const range = { first: parseKeyGroup(first), last: parseKeyGroup((cuts[i + 1] ?? wanted.last + 1) - 1) };
    const own = needed.filter((ref) => intersectRanges(ref.range, range) !== undefined);
    const base = own.findLast((ref) => ref.kind === 'base');
    const counting = base === undefined ? own : own.filter((ref) => compareOrder(ref.to, base.to) >= 0); // R3
    return { range, refs: counting, isWhole: after === undefined || base !== undefined };
  });
}

async function load(
  { store, snapshots, call, memoryBytes, yieldTurn }: RestoreOptions,
  range: KeyGroupRange,
  refs: readonly SegmentRef[],
  mode: 'fill' | 'replace' | 'change',
): Promise<void> {
  if (mode === 'replace') {
    await store.apply([{ kind: 'delete-range', ...keysOfRange(range) }]);
  }
  const share = Math.floor(memoryBytes / Math.max(1, refs.length));
  const fetchBytes = Math.min(FETCH_BYTES_MAX, Math.max(FETCH_BYTES_MIN, share));
  const reading = { store: snapshots, call, fetchBytes, ...(yieldTurn === undefined ? {} : { yieldTurn }) };
  const entries = readMerged(refs, range, mode === 'change', reading);
  for await (const batch of entries) {
    call.signal.throwIfAborted();
    await store.apply(batch.map(writeOfEntry));
  }
}

function stampWrite(stamp: StoreStamp): StoreWrite {
  return { kind: 'put', key: STAMP_KEY, value: formatStamp(stamp) };
}
