import { BASE_PART } from '../../../shared/checkpoint/segment-ref.ts';
import type { SegmentOrder, SegmentRef } from '../../../shared/checkpoint/segment-ref.ts';
import { parseKeyGroup } from '../../../shared/ids.ts';
import type { CheckpointId } from '../../../shared/ids.ts';
import type { Mutation } from './protocol-mutation-testing.ts';

type Counts = ReadonlyMap<number, number>;

/** Keyed state as the epochs of DESIGN §6: counts per split, of which a delta holds what one epoch added. */
export class SimulatedState {
  readonly #mutation: Mutation | undefined;
  #base: { readonly counts: Counts; readonly at: CheckpointId | undefined };
  #frozen: { readonly checkpoint: CheckpointId; readonly added: Counts }[] = [];
  #current = new Map<number, number>();
  readonly #now: Map<number, number>;

  constructor(mutation: Mutation | undefined, restored: Counts, at: CheckpointId | undefined) {
    this.#mutation = mutation;
    this.#base = { counts: restored, at };
    this.#now = new Map(restored);
  }

  count(split: number): number {
    const count = (this.#now.get(split) ?? 0) + 1;
    this.#now.set(split, count);
    this.#current.set(split, (this.#current.get(split) ?? 0) + 1);
    return count;
  }

  freeze(checkpoint: CheckpointId): void {
    this.#frozen.push({ checkpoint, added: this.#current });
    this.#current = new Map();
  }

  complete(checkpoint: bigint): void {
    for (const { checkpoint: at, added } of this.#frozen.filter((epoch) => epoch.checkpoint <= checkpoint)) {
      this.#base = { counts: plus(this.#base.counts, added), at };
    }
    this.#frozen = this.#frozen.filter((epoch) => epoch.checkpoint > checkpoint);
  }

  /** The whole: base and every delta up to the checkpoint. */
  describe(checkpoint: CheckpointId): readonly SegmentRef[] {
    const deltas = this.#frozen.filter((epoch) =>
      this.#mutation === 'deltas-without-aborted' ? epoch.checkpoint === checkpoint : epoch.checkpoint <= checkpoint,
    );
    const { counts, at } = this.#base;
    const base = at === undefined ? [] : [segment('base', counts, at)];
    return [...base, ...deltas.map(({ checkpoint: id, added }) => segment('delta', added, id))];
  }

  /** What a local rollback to the checkpoint would give. Undefined when the store is ahead of it: then it is a restore. */
  rolledBack(checkpoint: bigint): Counts | undefined {
    const { at, counts } = this.#base;
    return at !== undefined && at > checkpoint
      ? undefined
      : this.#frozen.filter((e) => e.checkpoint <= checkpoint).reduce((sum, { added }) => plus(sum, added), counts);
  }
}

export function readCounts(segments: readonly SegmentRef[]): Counts {
  return segments.reduce<Counts>(
    (sum, { location }) => (location.kind === 'inline' ? plus(sum, parseCounts(location.bytes)) : sum),
    new Map(),
  );
}

function segment(kind: 'base' | 'delta', counts: Counts, checkpoint: CheckpointId): SegmentRef {
  const bytes = Buffer.from(JSON.stringify([...counts]));
  const at: SegmentOrder = { checkpoint, part: kind === 'base' ? BASE_PART : 0 };
  const range = { first: parseKeyGroup(0), last: parseKeyGroup(0) };
  return { kind, location: { kind: 'inline', bytes }, length: bytes.length, sha256: '', range, from: at, to: at };
}

function parseCounts(bytes: Buffer): Counts {
  return new Map(JSON.parse(bytes.toString()) as [number, number][]);
}

function plus(a: Counts, b: Counts): Counts {
  const sum = new Map(a);
  for (const [split, count] of b) {
    sum.set(split, (sum.get(split) ?? 0) + count);
  }
  return sum;
}
