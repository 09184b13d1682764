import type { ProducerIdentity } from './producer-identity.ts';
import type { TransactionPartition } from './transaction-requests.ts';

/** As whom a sender sends: what tells a writer with transactions from one without. */
export interface BatchIdentities {
  /** Undefined: not yet. The sender is told when to ask again. Batches that are in flight together have the same one. */
  identityFor(to: TransactionPartition): ProducerIdentity | undefined;
  /** `baseOffset` −1n: the broker had the batch already and does not know where. */
  onAcknowledged(to: TransactionPartition, baseOffset: bigint, records: number): void;
}

/** Without transactions there is one identity, for all. */
export function constantIdentity(identity: ProducerIdentity): BatchIdentities {
  return { identityFor: () => identity, onAcknowledged: () => undefined };
}
