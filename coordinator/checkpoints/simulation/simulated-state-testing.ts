import { BASE_PART, compareOrder, intersectRanges } from '../../../shared/checkpoint/segment-ref.ts';
import type { SegmentOrder, SegmentRef } from '../../../shared/checkpoint/segment-ref.ts';
import type { CheckpointId } from '../../../shared/ids.ts';
import { keyGroupRange } from '../../../shared/keygroups/key-groups.ts';
import type { KeyGroupRange } from '../../../shared/keygroups/key-groups.ts';
import { parseSubtaskIndex } from '../../../shared/ids.ts';
import { planRestore } from '../../../taskmanager/state/restore-store.ts';
import type { Mutation } from './protocol-mutation-testing.ts';
import { KEYS } from './simulated-job-testing.ts';

/** By `formatKey`: how many records of a split the key has counted. */
export type Counts = ReadonlyMap<string, number>;

/** Each so many epochs the state is written anew as one base; not by all subtasks at once. */
const EPOCHS_OF_A_BASE = 4;

/**
 * Keyed state as the epochs of DESIGN §6, written as whole segments: a delta holds the values that one epoch changed, a base
 * all values of its key groups; what a former subtask wrote is named on, with the key groups that count of it.
 */
export class SimulatedState {
  readonly range: KeyGroupRange;
  readonly #mutation: Mutation | undefined;
  /** Of checkpoints that are completed, or of the one that was restored. */
  #segments: readonly SegmentRef[];
  #completed: { readonly counts: Counts; readonly at: bigint };
  #frozen: { readonly checkpoint: CheckpointId; readonly changed: Counts }[] = [];
  #changed = new Map<string, number>();
  readonly #now: Map<string, number>;
  #epochs = 0;

  constructor(mutation: Mutation | undefined, range: KeyGroupRange, former: readonly SegmentRef[], at: bigint) {
    this.#mutation = mutation;
    this.range = range;
    this.#segments = clipped(former, range, mutation);
    const counts = readCounts(former, range, mutation);
    this.#completed = { counts, at };
    this.#now = new Map(counts);
  }

  count(split: number, group: number): number {
    const key = formatKey(split, group);
    const count = (this.#now.get(key) ?? 0) + 1;
    this.#now.set(key, count);
    this.#changed.set(key, count);
    return count;
  }

  freeze(checkpoint: CheckpointId): void {
    this.#frozen.push({ checkpoint, changed: this.#changed });
    this.#changed = new Map();
  }

  complete(checkpoint: bigint): void {
    for (const { checkpoint: at, changed } of this.#frozen.filter((epoch) => epoch.checkpoint <= checkpoint)) {
      const counts = new Map([...this.#completed.counts, ...changed]);
      this.#completed = { counts, at };
      this.#epochs += 1;
      this.#segments =
        (this.#epochs + this.range.first) % EPOCHS_OF_A_BASE === 0
          ? [segment('base', counts, at, this.range)]
          : [...this.#segments, segment('delta', changed, at, this.range)];
    }
    this.#frozen = this.#frozen.filter((epoch) => epoch.checkpoint > checkpoint);
  }

  /** The whole: what is completed and every delta up to the checkpoint. */
  describe(checkpoint: CheckpointId): readonly SegmentRef[] {
    const deltas = this.#frozen.filter((epoch) =>
      this.#mutation === 'deltas-without-aborted' ? epoch.checkpoint === checkpoint : epoch.checkpoint <= checkpoint,
    );
    return [
      ...this.#segments,
      ...deltas.map(({ checkpoint: at, changed }) => segment('delta', changed, at, this.range)),
    ];
  }

  /** What a local rollback to the checkpoint would give. Undefined when the store is ahead of it: then it is a restore. */
  rolledBack(checkpoint: bigint): Counts | undefined {
    const { at, counts } = this.#completed;
    const epochs = this.#frozen.filter((epoch) => epoch.checkpoint <= checkpoint);
    return at > checkpoint ? undefined : new Map([...counts, ...epochs.flatMap(({ changed }) => [...changed])]);
  }
}

export function rangeOf(index: number, parallelism: number): KeyGroupRange {
  return keyGroupRange(parseSubtaskIndex(index), parallelism, KEYS);
}

/** As taskmanager/state/restore-store.ts does it: piece by piece, in the order of the segments. */
export function readCounts(former: readonly SegmentRef[], range: KeyGroupRange, mutation?: Mutation): Counts {
  const refs = mutation === 'segments-without-range' ? former.map((ref) => ({ ...ref, range: ALL })) : former;
  const counts = new Map<string, number>();
  for (const piece of planRestore(refs, range, undefined)) {
    for (const { location } of piece.refs.toSorted((a, b) => compareOrder(a.to, b.to))) {
      for (const [key, count] of location.kind === 'inline' ? parseCounts(location.bytes) : []) {
        if (groupOf(key) >= piece.range.first && groupOf(key) <= piece.range.last) {
          counts.set(key, count);
        }
      }
    }
  }
  return counts;
}

const ALL = rangeOf(0, 1);

function clipped(
  former: readonly SegmentRef[],
  wanted: KeyGroupRange,
  mutation: Mutation | undefined,
): readonly SegmentRef[] {
  return former.flatMap((ref) => {
    const range = intersectRanges(ref.range, wanted);
    return range === undefined ? [] : [mutation === 'segments-without-range' ? ref : { ...ref, range }];
  });
}

function segment(kind: 'base' | 'delta', counts: Counts, checkpoint: CheckpointId, range: KeyGroupRange): SegmentRef {
  const bytes = Buffer.from(JSON.stringify([...counts]));
  const at: SegmentOrder = { checkpoint, part: kind === 'base' ? BASE_PART : 0 };
  return { kind, location: { kind: 'inline', bytes }, length: bytes.length, sha256: '', range, from: at, to: at };
}

function parseCounts(bytes: Buffer): Counts {
  return new Map(JSON.parse(bytes.toString()) as [string, number][]);
}

function formatKey(split: number, group: number): string {
  return `${split}/${group}`;
}

function groupOf(key: string): number {
  return Number(key.slice(key.indexOf('/') + 1));
}
