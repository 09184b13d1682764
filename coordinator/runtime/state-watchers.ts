/** The present value, and those who wait for a later one. Each publication asks every waiter once: keep predicates cheap. */
export class StateWatchers<S> {
  readonly #waiting = new Set<(state: S) => void>();
  #current: S;

  constructor(first: S) {
    this.#current = first;
  }

  get current(): S {
    return this.#current;
  }

  publish(state: S): void {
    this.#current = state;
    for (const tell of this.#waiting) {
      tell(state);
    }
  }

  /** The first state, beginning with the present one, for which the predicate holds; undefined when aborted before. */
  async until(predicate: (state: S) => boolean, signal: AbortSignal): Promise<S | undefined> {
    if (predicate(this.#current)) {
      return this.#current;
    }
    if (signal.aborted) {
      return undefined;
    }
    return await new Promise<S | undefined>((resolve) => {
      const end = (state: S | undefined): void => {
        this.#waiting.delete(tell);
        signal.removeEventListener('abort', aborted);
        resolve(state);
      };
      const tell = (state: S): void => {
        if (predicate(state)) {
          end(state);
        }
      };
      const aborted = (): void => {
        end(undefined);
      };
      this.#waiting.add(tell);
      signal.addEventListener('abort', aborted);
    });
  }
}
