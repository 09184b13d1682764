import type { CheckpointId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';
import { BASE_PART, compareOrder, intersectRanges, subtractRange } from './segment-ref.ts';
import type { SegmentRef } from './segment-ref.ts';

/**
 * All segments that make up the state of one subtask: what each acknowledgement describes, whole.
 *
 * G1  `describe(n)` names everything written up to n, aborted checkpoints included: their deltas stay part of the state.
 * G2  Merges and bases replace only what belongs to a completed checkpoint; so a rollback never has to take one apart.
 * G3  Segments are in the order in which they are applied; pieces of one stream keep theirs.
 */
export class SegmentCatalog {
  readonly #range: KeyGroupRange;
  #refs: readonly SegmentRef[];

  /** `restored`: segments of the checkpoint that this subtask began from, of whatever ranges; what concerns it not is left out. */
  constructor(range: KeyGroupRange, restored: readonly SegmentRef[]) {
    this.#range = range;
    this.#refs = inOrder(restored.flatMap((ref) => narrowed(ref, range)));
  }

  get refs(): readonly SegmentRef[] {
    return this.#refs;
  }

  /** Parts that the checkpoint has so far: the number of the next one. */
  partsOf(checkpoint: CheckpointId): number {
    const parts = this.#refs.filter((ref) => ref.to.checkpoint === checkpoint && ref.to.part !== BASE_PART);
    return parts.reduce((next, ref) => Math.max(next, ref.to.part + 1), 0);
  }

  add(deltas: readonly SegmentRef[]): void {
    this.#refs = inOrder([...this.#refs, ...deltas]);
  }

  /** The state as of `checkpoint`. */
  describe(checkpoint: CheckpointId): readonly SegmentRef[] {
    return this.#refs.filter((ref) => ref.to.checkpoint <= checkpoint);
  }

  /** `merged` takes the place of `sources`; false when one of them is gone meanwhile (a base has covered it): keep what is. */
  replace(sources: readonly SegmentRef[], merged: readonly SegmentRef[]): boolean {
    if (!sources.every((source) => this.#refs.includes(source))) {
      return false;
    }
    this.#refs = inOrder([...this.#refs.filter((ref) => !sources.includes(ref)), ...merged]);
    return true;
  }

  /** A base of `range` as of `checkpoint` (none, when there is no state in it): older segments count there no more (R3). */
  addBase(range: KeyGroupRange, checkpoint: CheckpointId, base: readonly SegmentRef[]): void {
    invariant(intersectRanges(this.#range, range) !== undefined, 'a base of key groups of another subtask');
    const order = { checkpoint, part: BASE_PART };
    const older = (ref: SegmentRef): boolean => compareOrder(ref.to, order) <= 0;
    const kept = this.#refs.flatMap((ref) =>
      older(ref) ? subtractRange(ref.range, range).map((left) => ({ ...ref, range: left })) : [ref],
    );
    this.#refs = inOrder([...kept, ...base]);
  }

  /** Forgets what was written for later checkpoints. */
  rollback(checkpoint: CheckpointId): void {
    this.#refs = this.describe(checkpoint);
  }
}

function narrowed(ref: SegmentRef, range: KeyGroupRange): SegmentRef[] {
  const own = intersectRanges(ref.range, range);
  return own === undefined ? [] : [{ ...ref, range: own }];
}

function inOrder(refs: readonly SegmentRef[]): readonly SegmentRef[] {
  return refs.toSorted((a, b) => compareOrder(a.to, b.to));
}
