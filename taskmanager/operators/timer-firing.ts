import { required } from '../../shared/invariant.ts';
import type { KeyAndNamespace } from '../state/keyed-state.ts';
import { keyPart } from '../state/key-context.ts';
import type { KeyPart } from '../state/key-context.ts';
import type { Lease } from '../state/lease.ts';
import type { Timer } from '../timers/timer-key.ts';
import type { TimerService } from '../timers/timer-service.ts';

export interface TimerFiringDeps {
  readonly timers: TimerService;
  readonly prefetch: (keys: readonly KeyAndNamespace[]) => Lease | Promise<Lease>;
  /** Calls the function back, for one timer. A promise: nothing else of the operator may run until it ends. */
  readonly call: (timer: Timer, key: KeyPart) => Promise<void> | undefined;
  /** Runs beside the loop; then the loop looks again. Its failure is the subtask's. */
  readonly beside: (work: Promise<void>) => void;
}

/** `none`: nothing is due. `waits`: for state, until the loop is woken. A promise: the function waits (`call`). */
export type FiringStep = 'fired' | 'waits' | 'none' | Promise<void>;

/** Timers whose keys' state is fetched at once. */
const CHUNK_MAX = 64;

/**
 * Fires the timers of one kind of time, one at each step: between two of them anything else may run.
 *
 * F1  Timers fire in the order of their times, also those that a callback registers while others are due.
 * F2  A timer that was deleted before its turn does not fire.
 */
export class TimerFiring {
  readonly #deps: TimerFiringDeps;
  #chunk: readonly Timer[] = [];
  #at = 0;
  #lease: Lease | undefined;
  #isWaiting = false;
  /** The earliest timer registered since the chunk was made. */
  #registeredMs = Infinity;

  constructor(deps: TimerFiringDeps) {
    this.#deps = deps;
  }

  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** False: nothing is due at `upToMs`. True: perhaps something is; `step` finds out. */
  mayBeDue(upToMs: number): boolean {
    return this.#at < this.#chunk.length || this.#deps.timers.earliestMs <= upToMs;
  }

  onRegister(timestampMs: number): void {
    this.#registeredMs = Math.min(this.#registeredMs, timestampMs);
  }

  step(upToMs: number): FiringStep {
    if (this.#isWaiting) {
      return 'waits';
    }
    const next = this.#chunk[this.#at];
    if (next === undefined || this.#registeredMs < next.timestampMs) {
      this.#endChunk();
      const begun = this.#beginChunk(upToMs);
      if (begun !== 'ready') {
        return begun;
      }
    }
    return this.#fire(required(this.#chunk[this.#at], 'a timer that is due'));
  }

  #fire(timer: Timer): FiringStep {
    this.#at += 1;
    const { timers, call } = this.#deps;
    const key = keyPart(timer.section >>> 16, timer.key);
    const answer = timers.take(timer) ? call(timer, key) : undefined;
    if (answer !== undefined) {
      return answer;
    }
    if (this.#at === this.#chunk.length) {
      this.#endChunk();
    }
    return 'fired';
  }

  #beginChunk(upToMs: number): 'ready' | 'waits' | 'none' {
    const { timers, prefetch } = this.#deps;
    const due = timers.due(upToMs, CHUNK_MAX);
    if (due === 'read') {
      this.#wait(timers.readHeads(upToMs));
      return 'waits';
    }
    if (due.length === 0) {
      return 'none';
    }
    this.#chunk = due;
    this.#at = 0;
    this.#registeredMs = Infinity;
    const lease = prefetch(
      due.map(({ section, key, namespace }) => ({
        key: keyPart(section >>> 16, key),
        namespace,
      })),
    );
    if (!(lease instanceof Promise)) {
      this.#lease = lease;
      return 'ready';
    }
    this.#wait(
      lease.then((fetched) => {
        this.#lease = fetched;
      }),
    );
    return 'waits';
  }

  #endChunk(): void {
    this.#lease?.release();
    this.#lease = undefined;
    this.#chunk = [];
    this.#at = 0;
  }

  #wait(work: Promise<void>): void {
    this.#isWaiting = true;
    this.#deps.beside(
      work.finally(() => {
        this.#isWaiting = false;
      }),
    );
  }
}
