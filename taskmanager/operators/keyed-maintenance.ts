/** What goes on beside the records of an operator with keyed state, never two things at once. */
export interface KeyedMaintenanceDeps {
  /** One step of merging segments or rewriting a base; true when there was something to do. */
  readonly merge: () => Promise<boolean>;
  /** One bounded step of the search for expired values; true when it ended a round. */
  readonly sweep: () => Promise<boolean>;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly onFailure: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** From one step of a sweep to the next: 512 entries each, so that it takes a few percent of the slot's time. */
const SWEEP_STEP_MS = 100;
/** Rest between two rounds over all state. */
const SWEEP_REST_MS = 10_000;

/**
 * Runs merges after each completed checkpoint, and sweeps from time to time. A step that fails costs nothing but that step: what
 * it would have replaced is still there, and it is tried again after the next checkpoint.
 */
export class KeyedMaintenance {
  readonly #deps: KeyedMaintenanceDeps;
  #lane: Promise<void> = Promise.resolve();
  #isMerging = false;
  #cancelSweep: (() => void) | undefined;

  constructor(deps: KeyedMaintenanceDeps) {
    this.#deps = deps;
  }

  begin(hasSweeps: boolean): void {
    if (hasSweeps) {
      this.#sweepIn(SWEEP_STEP_MS);
    }
  }

  onCompleted(): void {
    if (!this.#isMerging && !this.#deps.signal.aborted) {
      this.#isMerging = true;
      this.#enter(async () => {
        try {
          while (!this.#deps.signal.aborted && (await this.#deps.merge()));
        } finally {
          this.#isMerging = false;
        }
      });
    }
  }

  /** After the signal has aborted: nothing runs any more. */
  async ended(): Promise<void> {
    this.#cancelSweep?.();
    await this.#lane;
  }

  #sweepIn(delayMs: number): void {
    this.#cancelSweep = this.#deps.after(delayMs, () => {
      this.#enter(async () => {
        let hasEndedRound = true;
        try {
          hasEndedRound = await this.#deps.sweep();
        } finally {
          if (!this.#deps.signal.aborted) {
            this.#sweepIn(hasEndedRound ? SWEEP_REST_MS : SWEEP_STEP_MS);
          }
        }
      });
    });
  }

  #enter(step: () => Promise<void>): void {
    this.#lane = this.#lane.then(step).catch((error: unknown) => {
      this.#deps.onFailure(error);
    });
  }
}
