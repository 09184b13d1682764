/** Free buffers kept for reuse; beyond it the garbage collector takes them. */
const KEPT_MAX = 64;

/** The frame buffers of one slot. A buffer is out of the pool from `take` until a link has copied it (`give`). */
export class FramePool {
  readonly #free = new Map<number, Buffer[]>();

  take(bytes: number): Buffer {
    return this.#free.get(bytes)?.pop() ?? Buffer.allocUnsafeSlow(bytes);
  }

  give(buffer: Buffer): void {
    const free = this.#free.get(buffer.length) ?? [];
    if (free.length < KEPT_MAX) {
      free.push(buffer);
      this.#free.set(buffer.length, free);
    }
  }
}
