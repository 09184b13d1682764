/** Virtual time: runs what is due, in order of time, and of insertion among equals. */
export class EventQueue {
  readonly #due: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #now = 0;
  #order = 0;

  get now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): void {
    this.#order += 1;
    const entry = { at: this.#now + delayMs, order: this.#order, run };
    let at = this.#due.length;
    while (at > 0 && isLater(this.#due[at - 1], entry)) {
      at -= 1;
    }
    this.#due.splice(at, 0, entry);
  }

  /** Runs everything due up to that time, or until `done`. */
  runUntil(time: number, done: () => boolean): void {
    while (this.#due.length > 0 && !done()) {
      const next = this.#due[0];
      if (next === undefined || next.at > time) {
        break;
      }
      this.#due.shift();
      this.#now = next.at;
      next.run();
    }
  }
}

function isLater(
  a: { readonly at: number; readonly order: number } | undefined,
  b: { readonly at: number; readonly order: number },
): boolean {
  return a !== undefined && (a.at > b.at || (a.at === b.at && a.order > b.order));
}

/** One direction of a stream: messages arrive later, in order, and none after it was cut. */
export class Link<M> {
  readonly #queue: EventQueue;
  readonly #delay: () => number;
  readonly #deliver: (message: M) => void;
  #lastAt = 0;
  #isCut = false;

  constructor(queue: EventQueue, delay: () => number, deliver: (message: M) => void) {
    this.#queue = queue;
    this.#delay = delay;
    this.#deliver = deliver;
  }

  send(message: M): void {
    const at = Math.max(this.#lastAt, this.#queue.now + this.#delay());
    this.#lastAt = at;
    this.#queue.after(at - this.#queue.now, () => {
      if (!this.#isCut) {
        this.#deliver(message);
      }
    });
  }

  cut(): void {
    this.#isCut = true;
  }
}
