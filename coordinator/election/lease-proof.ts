/**
 * The proof that a lease cannot have run out elsewhere, in memory that two threads share: the one that keeps the lease alive
 * extends it, the one that leads looks at it. Times are nanoseconds of the machine's monotonic clock, which is one for all
 * threads of a process.
 *
 * P1  The server counts a lease from when it gets a request, which is after the request was sent. So until `sent + ttl` of an
 *     answered request nobody else can lead; `margin` before that the leader stops, so that it has stopped by then.
 * P2  What is lost stays lost: an answer that arrives after the proof ran out extends nothing.
 */
export class LeaseProof {
  readonly #cells: BigInt64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.#cells = new BigInt64Array(memory);
  }

  get memory(): SharedArrayBuffer {
    return this.#cells.buffer;
  }

  /** A lease was granted, or kept alive, by a request that was sent at `sentAtNs`; `forNs`: its time to live without the margin. */
  extend(sentAtNs: bigint, forNs: bigint): void {
    const untilNs = sentAtNs + forNs;
    if (untilNs > Atomics.load(this.#cells, UNTIL)) {
      Atomics.store(this.#cells, UNTIL, untilNs);
    }
  }

  /** Nothing is proven any more, whatever is answered yet. */
  end(): void {
    Atomics.store(this.#cells, ENDED, 1n);
  }

  /** P2: the first question that finds it run out ends it. */
  holds(nowNs: bigint): boolean {
    if (Atomics.load(this.#cells, ENDED) !== 0n) {
      return false;
    }
    if (nowNs >= Atomics.load(this.#cells, UNTIL)) {
      this.end();
      return false;
    }
    return true;
  }

  /** Nanoseconds until it runs out if nothing is answered any more; 0 when it did. */
  leftNs(nowNs: bigint): bigint {
    const left = Atomics.load(this.#cells, UNTIL) - nowNs;
    return this.holds(nowNs) ? left : 0n;
  }
}

const UNTIL = 0;
const ENDED = 1;

/** How long before the end of its lease a leader stops: a tenth, at least 200 ms. */
export function provenForMs(ttlMs: number): number {
  return ttlMs - Math.max(200, ttlMs / 10);
}
