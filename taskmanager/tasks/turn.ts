/** A look at the clock costs as much as a small record: it is taken once for so many. */
const RECORDS_PER_LOOK = 16;

/** How long a run of the loop may go on before the event loop gets its turn. */
export class Turn {
  readonly #monotonicMs: () => number;
  #deadlineMs = 0;
  #sinceLook = 0;
  #isOver = false;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  begin(deadlineMs: number): void {
    this.#deadlineMs = deadlineMs;
    this.#sinceLook = 0;
    this.#isOver = false;
  }

  /** Counts records that were handled; true when the turn is over. */
  spend(records: number): boolean {
    this.#sinceLook += records;
    if (this.#sinceLook >= RECORDS_PER_LOOK) {
      this.#sinceLook = 0;
      this.#isOver = this.#monotonicMs() >= this.#deadlineMs;
    }
    return this.#isOver;
  }

  get isOver(): boolean {
    this.#isOver = this.#isOver || this.#monotonicMs() >= this.#deadlineMs;
    return this.#isOver;
  }
}
