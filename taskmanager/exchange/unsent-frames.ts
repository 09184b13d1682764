/** A channel that may have a frame being filled. */
export interface Unsent {
  readonly unsentSinceMs: number | undefined;
  flush(): void;
}

/** The channels of one slot that began a frame, so that a flush looks at those only. */
export class UnsentFrames {
  readonly #channels = new Set<Unsent>();

  /** Called by a channel that begins a frame. */
  add(channel: Unsent): void {
    this.#channels.add(channel);
  }

  /**
   * Flushes every channel whose oldest unsent element was written at or before `monotonicMs`. One without credit keeps its
   * frame and its place here.
   */
  flushWrittenBefore(monotonicMs: number): void {
    for (const channel of this.#channels) {
      const since = channel.unsentSinceMs;
      if (since !== undefined && since <= monotonicMs) {
        channel.flush();
      }
      if (channel.unsentSinceMs === undefined) {
        this.#channels.delete(channel);
      }
    }
  }
}
