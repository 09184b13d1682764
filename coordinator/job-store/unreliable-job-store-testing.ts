import type { Random } from '../../shared/random/random.ts';
import type { JobStore, JobStoreCall, JobTransaction, StoredRecord, TransactionAnswer } from './job-store.ts';

/** Shares of the transactions, 0 to 1 together. */
export interface Unreliability {
  /** Applied, but the answer is lost. */
  readonly answerLost: number;
  /** Neither applied nor answered. */
  readonly requestLost: number;
  /** The answer is lost, and the transaction lands later: before one of the next few calls. */
  readonly late: number;
}

const FAILURE = { code: 'job-store-timeout', reaction: 'retry', message: 'no answer' } as const;

/**
 * A job store over a network that loses and delays, by a seed: for simulations. Several coordinators may share one, and must
 * then be judged by `store` itself. A late transaction lands whoever calls next, as a delayed packet does.
 */
export class UnreliableJobStore implements JobStore {
  readonly #store: JobStore;
  readonly #random: Random;
  readonly #unreliability: Unreliability;
  readonly #late: { readonly transaction: JobTransaction; callsLeft: number }[] = [];

  constructor(store: JobStore, random: Random, unreliability: Unreliability) {
    this.#store = store;
    this.#random = random;
    this.#unreliability = unreliability;
  }

  async load(call: JobStoreCall): Promise<readonly StoredRecord[]> {
    await this.#land();
    return await this.#store.load(call);
  }

  async transact(transaction: JobTransaction, call: JobStoreCall): Promise<TransactionAnswer> {
    await this.#land();
    const { answerLost, requestLost, late } = this.#unreliability;
    const at = this.#random.next();
    if (at < requestLost) {
      return { kind: 'ambiguous', failure: FAILURE };
    }
    if (at < requestLost + late) {
      this.#late.push({ transaction, callsLeft: 1 + this.#random.below(5) });
      return { kind: 'ambiguous', failure: FAILURE };
    }
    const answer = await this.#store.transact(transaction, call);
    return at < requestLost + late + answerLost ? { kind: 'ambiguous', failure: FAILURE } : answer;
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  async #land(): Promise<void> {
    for (const each of this.#late) {
      each.callsLeft -= 1;
    }
    const due = this.#late.filter(({ callsLeft }) => callsLeft <= 0);
    for (const each of due) {
      this.#late.splice(this.#late.indexOf(each), 1);
      await this.#store.transact(each.transaction, { deadlineMs: 10_000, signal: new AbortController().signal });
    }
  }
}
