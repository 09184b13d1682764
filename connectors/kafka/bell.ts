import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';

/** Wakes one waiter; remembers a ring that nobody waited for. */
export class Bell {
  #isRung = false;
  #failure: Failure | undefined;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Rings for the last time: who waits is thrown the failure. */
  break(failure: Failure): void {
    this.#failure = failure;
    this.ring();
  }

  async rung(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isRung = false;
    this.#wake = undefined;
    if (this.#failure !== undefined) {
      throw new StreamError(this.#failure);
    }
  }
}
