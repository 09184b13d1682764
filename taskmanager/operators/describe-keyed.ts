import { compareOrder } from '../../shared/checkpoint/segment-ref.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { KeyedDescription } from '../../shared/control/acknowledgement.ts';
import type { CheckpointId } from '../../shared/ids.ts';

interface Described {
  readonly checkpoint: CheckpointId;
  readonly segments: readonly SegmentRef[];
}

/**
 * Says what keyed state consists of: as a difference to the checkpoint before where the coordinator is sure to know that one as
 * its last completed (else it would refuse it), and whole otherwise. Differences keep small segments, which travel inside the
 * acknowledgement, from being sent again with every checkpoint.
 *
 * D1  A difference names a checkpoint that was complete when the barrier of this one passed, with no other barrier between them.
 * D2  Places count in the list as the coordinator has it, which it makes of what it was told by the same rule (`inOrder`).
 */
export class KeyedDescriber {
  #captured: CheckpointId | undefined;
  #completed: CheckpointId | undefined;
  #described: Described | undefined;

  /** At the barrier; gives the checkpoint to which `describe` may relate. */
  capture(checkpoint: CheckpointId): CheckpointId | undefined {
    const before = this.#captured;
    this.#captured = checkpoint;
    return before !== undefined && before === this.#completed ? before : undefined;
  }

  completed(checkpoint: CheckpointId): void {
    if (this.#completed === undefined || checkpoint > this.#completed) {
      this.#completed = checkpoint;
    }
  }

  /** In the order of the captures. `base`: what `capture` gave. */
  describe(
    checkpoint: CheckpointId,
    base: CheckpointId | undefined,
    segments: readonly SegmentRef[],
  ): KeyedDescription {
    const before = this.#described;
    if (before === undefined || base === undefined || before.checkpoint !== base) {
      this.#described = { checkpoint, segments: inOrder(segments) };
      return { kind: 'whole', segments };
    }
    const places = new Map(before.segments.map((segment, place) => [segment, place]));
    const kept = segments.filter((segment) => places.has(segment));
    const added = segments.filter((segment) => !places.has(segment));
    this.#described = { checkpoint, segments: inOrder([...kept, ...added]) };
    return { kind: 'since', checkpoint: base, kept: kept.flatMap((segment) => places.get(segment) ?? []), added };
  }
}

/** As coordinator/checkpoints/resolve-keyed.ts has it. */
function inOrder(segments: readonly SegmentRef[]): readonly SegmentRef[] {
  return segments.toSorted((a, b) => compareOrder(a.to, b.to));
}
