import type { LeaderEpoch } from '../../shared/ids.ts';
import { checkTransaction } from './check-transaction.ts';
import { JOB_STORE_ABORTED } from './job-store-failures.ts';
import type { JobStore, JobStoreCall, JobTransaction, StoredRecord, TransactionAnswer } from './job-store.ts';
import { applyTransaction, EMPTY_STATE, judge, listRecords, raiseEpoch } from './stored-state.ts';

/**
 * Keeps records for as long as the process lives: the embedded default, and the twin for simulations. Several coordinators
 * may share one. Every answer comes in the next microtask; the state changes at the call.
 */
export class MemoryJobStore implements JobStore {
  #state = EMPTY_STATE;

  /** What another coordinator would read, now. */
  get records(): readonly StoredRecord[] {
    return listRecords(this.#state);
  }

  /** What etcd's leader key does: an election tells the store who leads, before that leader writes. */
  raise(epoch: LeaderEpoch): void {
    this.#state = raiseEpoch(this.#state, epoch);
  }

  async load({ signal }: JobStoreCall): Promise<readonly StoredRecord[]> {
    signal.throwIfAborted();
    return await Promise.resolve(this.records);
  }

  async transact(transaction: JobTransaction, call: JobStoreCall): Promise<TransactionAnswer> {
    return await Promise.resolve(this.#answer(transaction, call));
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #answer(transaction: JobTransaction, { signal }: JobStoreCall): TransactionAnswer {
    if (signal.aborted) {
      return { kind: 'ambiguous', failure: JOB_STORE_ABORTED };
    }
    const failure = checkTransaction(transaction);
    if (failure !== undefined) {
      return { kind: 'refused', failure };
    }
    const judgement = judge(this.#state, transaction);
    switch (judgement.kind) {
      case 'apply':
        this.#state = applyTransaction(this.#state, transaction);
        return { kind: 'done', revision: this.#state.revision };
      case 'landed':
        return { kind: 'done', revision: judgement.revision };
      case 'fenced':
        this.raise(transaction.epoch);
        return judgement;
    }
  }
}
