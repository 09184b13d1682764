import { StreamError } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { HeldLease } from './etcd-lease-keeper.ts';
import type { Leadership } from './leader-election.ts';

/** A time of leading by a lease. It ends with the lease's proof, by whomever that is noticed first. */
export class EtcdLeadership implements Leadership {
  readonly epoch: LeaderEpoch;
  readonly #lease: HeldLease;
  readonly #logger: Logger;
  readonly #revoke: () => Promise<void>;
  readonly #lost = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #resigned: Promise<void> | undefined;

  constructor(epoch: LeaderEpoch, lease: HeldLease, logger: Logger, revoke: () => Promise<void>) {
    this.epoch = epoch;
    this.#lease = lease;
    this.#logger = logger;
    this.#revoke = revoke;
    this.#lookAgain();
  }

  get leaseId(): string {
    return this.#lease.leaseId;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isProven(): boolean {
    if (this.#lease.proof.holds(process.hrtime.bigint())) {
      return true;
    }
    this.lose('the lease could not be kept alive in time');
    return false;
  }

  lose(reason: string): void {
    if (this.#lost.signal.aborted || this.#resigned !== undefined) {
      return;
    }
    this.#lease.proof.end();
    clearTimeout(this.#timer);
    this.#logger.warn('leadership-lost', { epoch: this.epoch, reason });
    this.#lost.abort(
      new StreamError({
        code: 'leadership-lost',
        reaction: 'stop-quietly',
        message: `this coordinator does not lead any more: ${reason}`,
      }),
    );
  }

  /** A lease that was lost is left to run out: nothing is to be waited for, least of all an etcd that is out of reach. */
  async resign(): Promise<void> {
    if (!this.#lost.signal.aborted) {
      await this.release();
    }
  }

  async release(): Promise<void> {
    clearTimeout(this.#timer);
    this.#resigned ??= this.#revoke();
    await this.#resigned;
  }

  /** This thread's own watch over the proof, should the other thread be gone without a word. */
  #lookAgain(): void {
    const leftMs = Number(this.#lease.proof.leftNs(process.hrtime.bigint()) / 1_000_000n);
    this.#timer = setTimeout(() => {
      if (this.isProven()) {
        this.#lookAgain();
      }
    }, leftMs + 1);
    this.#timer.unref();
  }
}
