import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import { DirtyLayer } from './dirty-layer.ts';
import type { LayerContent, RowChange } from './dirty-layer.ts';

/** A layer that is written no more. */
export interface SealedLayer {
  readonly sequence: number;
  readonly bytes: number;
  /** The first checkpoint that contains it; undefined until a barrier has passed. */
  readonly checkpoint: CheckpointId | undefined;
  /** Undefined once it stands in the overlay alone. */
  readonly content: LayerContent | undefined;
  readonly isSpilled: boolean;
}

interface Layer extends SealedLayer {
  checkpoint: CheckpointId | undefined;
  content: LayerContent | undefined;
  isSpilled: boolean;
  spilledAt: number;
  /** Undefined until it is in the store. */
  appliedAt: number | undefined;
}

/** A read of the store that is under way. */
export interface ReadTicket {
  readonly startedAt: number;
}

/**
 * The layers above the store: those sealed, oldest first, and the current one.
 *
 * L1  Layers are applied, and leave, in their order. A layer that is still here is newer than all that has left.
 * L2  A layer leaves (or gives up its content for the overlay) only when every read that began before has ended: such a read
 *     may have seen the store without it. Reads that fold all layers still here onto what they read are then right: applying a
 *     layer twice changes nothing.
 * L3  A layer belongs to the first checkpoint whose barrier passed after its last write. An aborted checkpoint keeps its
 *     layers; they are part of the next one.
 */
export class LayerStack {
  #current: DirtyLayer;
  #sealed: Layer[] = [];
  #tick = 0;
  #lastFrozen: CheckpointId | undefined;
  readonly #reads = new Set<ReadTicket>();
  #dropped: number[] = [];

  constructor() {
    this.#current = new DirtyLayer(1);
  }

  get current(): DirtyLayer {
    return this.#current;
  }

  get sealed(): readonly SealedLayer[] {
    return this.#sealed;
  }

  /** Bytes of all layers that are held in memory. */
  get bytes(): number {
    let bytes = this.#current.bytes;
    for (const layer of this.#sealed) {
      bytes += layer.content === undefined ? 0 : layer.bytes;
    }
    return bytes;
  }

  beginRead(): ReadTicket {
    this.#tick += 1;
    const ticket = { startedAt: this.#tick };
    this.#reads.add(ticket);
    return ticket;
  }

  endRead(ticket: ReadTicket): void {
    this.#reads.delete(ticket);
    this.#settle();
  }

  /** Ends the current layer without a barrier, so that it can be spilled. */
  seal(): void {
    if (this.#current.isEmpty) {
      return;
    }
    const { sequence, bytes, content } = this.#current;
    this.#sealed.push({
      sequence,
      bytes,
      content,
      checkpoint: undefined,
      isSpilled: false,
      spilledAt: 0,
      appliedAt: undefined,
    });
    this.#current = new DirtyLayer(sequence + 1);
  }

  /** A barrier has passed: what was written since the last one belongs to `checkpoint`. Gives those layers, oldest first. */
  freeze(checkpoint: CheckpointId): readonly SealedLayer[] {
    const last = this.#lastFrozen;
    invariant(last === undefined || checkpoint > last, `barrier ${checkpoint} came after barrier ${String(last)}`);
    this.#lastFrozen = checkpoint;
    this.seal();
    const frozen = this.#sealed.filter((layer) => layer.checkpoint === undefined);
    for (const layer of frozen) {
      layer.checkpoint = checkpoint;
    }
    return frozen;
  }

  /** Layers to be applied for `checkpoint` to be complete, oldest first. */
  toApply(checkpoint: CheckpointId): readonly SealedLayer[] {
    return this.#sealed.filter(
      (layer) => layer.appliedAt === undefined && layer.checkpoint !== undefined && layer.checkpoint <= checkpoint,
    );
  }

  /** The layer is in the store, whole. */
  applied(sequence: number): void {
    this.#tick += 1;
    for (const layer of this.#sealed) {
      if (layer.sequence === sequence) {
        layer.appliedAt = this.#tick;
      }
      invariant(layer.sequence > sequence || layer.appliedAt !== undefined, 'layers are applied in their order (L1)');
    }
    this.#settle();
  }

  /** The layer is in the overlay, whole. A layer that a rollback has dropped meanwhile leaves its overlay to be deleted. */
  spilled(sequence: number): void {
    this.#tick += 1;
    const layer = this.#sealed.find((sealed) => sealed.sequence === sequence);
    if (layer === undefined) {
      this.#dropped.push(sequence);
      return;
    }
    layer.isSpilled = true;
    layer.spilledAt = this.#tick;
    this.#settle();
  }

  /** Forgets everything that does not belong to `checkpoint`, and every read: their answers are void. */
  rollback(checkpoint: CheckpointId | undefined): void {
    const belongs = (layer: Layer): boolean =>
      layer.checkpoint !== undefined && checkpoint !== undefined && layer.checkpoint <= checkpoint;
    this.#dropped.push(
      ...this.#sealed.filter((layer) => layer.isSpilled && !belongs(layer)).map((layer) => layer.sequence),
    );
    this.#sealed = this.#sealed.filter(belongs);
    this.#current = new DirtyLayer(this.#current.sequence + 1);
    this.#lastFrozen = checkpoint;
    this.#reads.clear();
    this.#settle();
  }

  /** Overlays that nobody reads any more, once each: to be deleted. */
  takeDropped(): readonly number[] {
    const dropped = this.#dropped;
    this.#dropped = [];
    return dropped;
  }

  #settle(): void {
    let oldest = Infinity;
    for (const { startedAt } of this.#reads) {
      oldest = Math.min(oldest, startedAt);
    }
    for (
      let first = this.#sealed[0];
      first?.appliedAt !== undefined && first.appliedAt < oldest;
      first = this.#sealed[0]
    ) {
      this.#sealed.shift();
      if (first.isSpilled) {
        this.#dropped.push(first.sequence);
      }
    }
    for (const layer of this.#sealed) {
      if (layer.isSpilled && layer.spilledAt < oldest) {
        layer.content = undefined;
      }
    }
  }
}

/** What each layer says of a row, the newest first; undefined for a layer that must be asked in the overlay. */
export function* changesNewestFirst(
  layers: LayerStack,
  section: number,
  row: Binary,
): Generator<RowChange | undefined> {
  const current = layers.current.find(section, row);
  if (current !== undefined) {
    yield current;
  }
  for (let i = layers.sealed.length - 1; i >= 0; i -= 1) {
    const content = layers.sealed[i]?.content;
    const change = content?.get(section)?.get(row);
    if (content === undefined || change !== undefined) {
      yield change;
    }
  }
}
