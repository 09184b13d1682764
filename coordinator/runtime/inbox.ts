/**
 * The one queue into the coordinator's loop. Bounded: who adds to a full inbox waits, and so stops reading from its stream.
 * One reader.
 */
export class Inbox<T> {
  readonly #max: number;
  #items: T[] = [];
  #head = 0;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Resolves to true when the item is in; at once to false, without adding it, when the signal aborts. */
  async put(item: T, signal: AbortSignal): Promise<boolean> {
    while (this.size >= this.#max && !signal.aborted) {
      await this.#room(signal);
    }
    if (signal.aborted) {
      return false;
    }
    this.offer(item);
    return true;
  }

  /** Adds beyond the bound. Only for what is itself bounded: answers to our own calls, the end of a connection, ticks. */
  offer(item: T): void {
    this.#items.push(item);
    this.#wakeReader?.();
  }

  /** The next item; undefined when the signal aborts first. */
  async take(signal: AbortSignal): Promise<T | undefined> {
    while (this.size === 0 && !signal.aborted) {
      await this.#arrival(signal);
    }
    return signal.aborted ? undefined : this.#shift();
  }

  #shift(): T | undefined {
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    if (this.size < this.#max && this.#wakeWriters.length > 0) {
      const writers = this.#wakeWriters;
      this.#wakeWriters = [];
      writers.forEach((wake) => {
        wake();
      });
    }
    return item;
  }

  async #arrival(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#wakeReader = undefined;
        resolve();
      };
      this.#wakeReader = wake;
      signal.addEventListener('abort', wake);
    });
  }

  async #room(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakeWriters.push(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
