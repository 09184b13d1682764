/** Something that may be full: an edge to other subtasks, or a sink's writer. */
export interface Writable {
  readonly isWritable: boolean;
}

/**
 * Whether a subtask must stop since one of its outputs is full.
 *
 * I1  An output becomes full only by a write of its own subtask, and every write is followed by `check`: while `isBlocked`
 *     is false, all are writable. So a look at one field after each record suffices.
 * I2  It becomes writable by something from outside, which wakes the loop: `recheck` then finds it.
 */
export class OutputPressure {
  isBlocked = false;
  readonly #outputs: Writable[] = [];
  /** The last that was found full: looked at first. */
  #suspect = 0;

  watch(output: Writable): void {
    this.#outputs.push(output);
  }

  check(output: Writable): void {
    if (!output.isWritable) {
      this.isBlocked = true;
    }
  }

  /** Looks at the outputs anew and gives `isBlocked`. */
  recheck(): boolean {
    const count = this.#outputs.length;
    for (let i = 0; i < count; i += 1) {
      const at = (this.#suspect + i) % count;
      if (this.#outputs[at]?.isWritable === false) {
        this.#suspect = at;
        this.isBlocked = true;
        return true;
      }
    }
    this.isBlocked = false;
    return false;
  }
}
