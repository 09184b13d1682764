import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { StateTtl } from '../../shared/functions/state.ts';
import { usedAtOf } from './value-codec.ts';

/** The times that state expires by. */
export interface StateClock {
  /** The current watermark; undefined before the first. */
  eventMs(): number | undefined;
  /** The event time of the record at hand; undefined when it has none. */
  recordMs(): number | undefined;
  processingMs(): number;
}

/** One state's time to live: what is stamped on values, and what has expired. */
export class TimeToLive {
  readonly #ttl: StateTtl;
  readonly #clock: StateClock;

  constructor(ttl: StateTtl, clock: StateClock) {
    this.#ttl = ttl;
    this.#clock = clock;
  }

  get refreshesOnRead(): boolean {
    return this.#ttl.refresh === 'on-read-and-write';
  }

  /**
   * The time to stamp on a value that is used now. By event time it is the watermark's (a record's own clock may be wrong),
   * before the first watermark the record's; undefined when neither is known: the value keeps until it is written again.
   */
  nowMs(): number | undefined {
    return this.#ttl.time === 'processing'
      ? this.#clock.processingMs()
      : (this.#clock.eventMs() ?? this.#clock.recordMs());
  }

  /** The time that values expire by; undefined by event time before the first watermark: nothing expires. */
  clockMs(): number | undefined {
    return this.#ttl.time === 'processing' ? this.#clock.processingMs() : this.#clock.eventMs();
  }

  isExpired(binary: Binary, clockMs = this.clockMs()): boolean {
    const usedAt = usedAtOf(binary);
    return usedAt !== undefined && clockMs !== undefined && usedAt + this.#ttl.ms <= clockMs;
  }
}
