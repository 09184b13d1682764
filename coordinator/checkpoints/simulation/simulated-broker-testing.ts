import type { EventQueue } from '../../simulation/event-queue-testing.ts';
import { formatCommittable } from './protocol-invariants-testing.ts';
import type { ProtocolInvariants, SimulatedOutput } from './protocol-invariants-testing.ts';

export type BrokerAnswer =
  | { readonly kind: 'ok'; readonly epoch: number }
  /** PRODUCER_FENCED */
  | { readonly kind: 'fenced' }
  /** INVALID_TXN_STATE */
  | { readonly kind: 'invalid' };

interface Transaction {
  readonly id: string;
  epoch: number;
  state: 'empty' | 'ongoing' | 'committed' | 'aborted';
  outputs: SimulatedOutput[];
  /** Of the produce requests that were applied: a repeat is recognised by its sequence number. */
  readonly applied: Set<number>;
  begun: number;
}

/** Transactions as Kafka 4.1 handled them when it was asked with raw requests (experiments E4 to E16 of the reference). */
export class SimulatedBroker {
  readonly #queue: EventQueue;
  readonly #invariants: ProtocolInvariants;
  readonly #transactions = new Map<string, Transaction>();
  readonly transactionTimeoutMs: number;
  timeouts = 0;
  fenced = 0;

  constructor(queue: EventQueue, invariants: ProtocolInvariants, transactionTimeoutMs: number) {
    this.transactionTimeoutMs = transactionTimeoutMs;
    this.#queue = queue;
    this.#invariants = invariants;
  }

  /** InitProducerId: aborts what is open, raises the epoch (E7, E13). */
  init(id: string): BrokerAnswer {
    this.#invariants.onInitialised(id);
    const transaction = this.#transactions.get(id) ?? newTransaction(id);
    this.#transactions.set(id, transaction);
    transaction.epoch += 1;
    transaction.state = 'empty';
    transaction.outputs = [];
    transaction.applied.clear();
    return { kind: 'ok', epoch: transaction.epoch };
  }

  /** AddPartitions and Produce. Behind a commit it opens another transaction under the same epoch (E12). */
  produce(
    id: string,
    epoch: number,
    request: { readonly seq: number; readonly outputs: readonly SimulatedOutput[] },
  ): BrokerAnswer {
    const transaction = this.#transactions.get(id);
    if (transaction?.epoch !== epoch) {
      this.fenced += 1;
      return { kind: 'fenced' };
    }
    if (transaction.applied.has(request.seq)) {
      return { kind: 'ok', epoch };
    }
    if (transaction.state !== 'ongoing') {
      this.#begin(transaction);
    }
    transaction.applied.add(request.seq);
    transaction.outputs.push(...request.outputs);
    return { kind: 'ok', epoch };
  }

  /** EndTxn(commit), from any connection (E4); repeatable while nothing else has happened to the id (E5). */
  commit(id: string, epoch: number): BrokerAnswer {
    const transaction = this.#transactions.get(id);
    if (transaction?.epoch !== epoch) {
      return { kind: 'fenced' };
    }
    if (transaction.state === 'ongoing') {
      transaction.state = 'committed';
      this.#invariants.onCommitted(formatCommittable(id, epoch), transaction.outputs);
      transaction.outputs = [];
    }
    return transaction.state === 'committed' ? { kind: 'ok', epoch } : { kind: 'invalid' };
  }

  isCommitted(id: string, epoch: number): boolean {
    const transaction = this.#transactions.get(id);
    return transaction?.epoch === epoch && transaction.state === 'committed';
  }

  /** Transactions that hold up readers (E15). */
  open(): readonly string[] {
    return [...this.#transactions.values()].filter(({ state }) => state === 'ongoing').map(({ id }) => id);
  }

  #begin(transaction: Transaction): void {
    this.#invariants.onTransactionBegun(transaction.id, transaction.epoch);
    transaction.state = 'ongoing';
    transaction.begun += 1;
    const { begun, epoch } = transaction;
    // E8: aborted, and the epoch raised.
    this.#queue.after(this.transactionTimeoutMs, () => {
      if (transaction.state === 'ongoing' && transaction.begun === begun && transaction.epoch === epoch) {
        this.timeouts += 1;
        transaction.state = 'aborted';
        transaction.outputs = [];
        transaction.epoch += 1;
      }
    });
  }
}

function newTransaction(id: string): Transaction {
  return { id, epoch: -1, state: 'empty', outputs: [], applied: new Set(), begun: 0 };
}
