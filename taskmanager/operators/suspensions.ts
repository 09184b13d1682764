/** An operator that stopped in the middle of a record since the outputs are full. */
export interface Resumable {
  /** Goes on while the outputs have room; true when nothing is left over. */
  resume(): boolean;
}

/**
 * The operators of one chain that have something left over. While there are any, the subtask takes no input. Those further
 * down the chain go on first, so that what an operator has queued does not grow.
 */
export class Suspensions {
  /** By place in the chain, counted from its head. */
  readonly #byPlace = new Map<number, Resumable>();

  get isEmpty(): boolean {
    return this.#byPlace.size === 0;
  }

  add(place: number, operator: Resumable): void {
    this.#byPlace.set(place, operator);
  }

  /** True when nothing is left over any more. */
  resume(): boolean {
    while (this.#byPlace.size > 0) {
      const place = Math.max(...this.#byPlace.keys());
      if (this.#byPlace.get(place)?.resume() !== true) {
        return false;
      }
      this.#byPlace.delete(place);
    }
    return true;
  }
}
