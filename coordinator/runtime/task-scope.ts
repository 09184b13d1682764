/**
 * Owns what runs beside the loop: nothing floats. `close` aborts all children and waits until each has ended. A child
 * handles its own failures; one that rejects after all has a bug, and that ends the scope's owner by `broken`.
 */
export class TaskScope {
  readonly #controller = new AbortController();
  readonly #children = new Set<Promise<void>>();
  readonly #onBroken: (error: unknown) => void;

  constructor(onBroken: (error: unknown) => void) {
    this.#onBroken = onBroken;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  spawn(child: (signal: AbortSignal) => Promise<void>): void {
    if (this.signal.aborted) {
      return;
    }
    const running: Promise<void> = child(this.signal).then(
      () => {
        this.#ended(running);
      },
      (error: unknown) => {
        this.#ended(running);
        this.#onBroken(error);
      },
    );
    this.#children.add(running);
  }

  async close(): Promise<void> {
    this.#controller.abort();
    await Promise.all(this.#children);
  }

  #ended(child: Promise<void>): void {
    this.#children.delete(child);
  }
}
