import type { Random } from '../../../shared/random/random.ts';
import type { EventQueue } from '../../simulation/event-queue-testing.ts';

/** A process that may die, or stand still and go on later with everything that has piled up, not knowing that time has passed. */
export class SimulatedProcess {
  readonly #queue: EventQueue;
  #backlog: (() => void)[] = [];
  isDead = false;
  isPaused = false;
  #pausedAt = 0;

  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  get isUp(): boolean {
    return !this.isDead && !this.isPaused;
  }

  /** How long others have heard nothing of it. */
  get silentMs(): number {
    return this.isDead ? Number.POSITIVE_INFINITY : this.isPaused ? this.#queue.now - this.#pausedAt : 0;
  }

  after(delayMs: number, run: () => void): void {
    this.#queue.after(delayMs, () => {
      this.do(run);
    });
  }

  do(run: () => void): void {
    if (this.isDead) {
      return;
    }
    if (this.isPaused) {
      this.#backlog.push(run);
      return;
    }
    run();
  }

  pause(forMs: number): void {
    this.isPaused = true;
    this.#pausedAt = this.#queue.now;
    this.#queue.after(forMs, () => {
      this.isPaused = false;
      const backlog = this.#backlog;
      this.#backlog = [];
      backlog.forEach((run) => {
        this.do(run);
      });
    });
  }
}

/** What a call outside can end with, besides its answer. */
export type Unknown = { readonly kind: 'unknown' };

const PATIENCE_MS = 400;

/**
 * Calls over a network that is often slow and sometimes loses a question or an answer. A question that was given up may still
 * arrive, seconds later, also when the one who asked is long dead.
 */
export class SimulatedNetwork {
  readonly #queue: EventQueue;
  readonly #random: Random;
  /** Of a thousand calls. */
  faultsPerThousand = 40;
  ambiguous = 0;

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  call<A>(from: SimulatedProcess, work: () => A, answered: (answer: A | Unknown) => void): void {
    let isOver = false;
    const answer = (result: A | Unknown): void => {
      if (!isOver) {
        isOver = true;
        answered(result);
      }
    };
    const fate = this.#random.below(1_000) < this.faultsPerThousand ? this.#random.below(4) : 9;
    if (fate !== 9) {
      from.after(PATIENCE_MS, () => {
        this.ambiguous += isOver ? 0 : 1;
        answer({ kind: 'unknown' });
      });
    }
    if (fate === 0) {
      return; // the question is lost
    }
    // Late ones arrive while what was done instead is under way, or long after.
    const lateMs = this.#random.below(2) === 0 ? 150 : 4_000;
    const there = fate === 1 ? PATIENCE_MS + this.#random.below(lateMs) : 1 + this.#random.below(12);
    this.#queue.after(there, () => {
      const result = work();
      if (fate !== 2) {
        from.after(1 + this.#random.below(12), () => {
          answer(result);
        });
      }
    });
  }
}
