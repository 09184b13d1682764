import { StreamError } from '../../shared/failure/failure.ts';
import { coordinatorRefusal } from './broker-failures.ts';
import type { KafkaCoordinators } from './kafka-coordinators.ts';
import { describeTransaction } from './kafka-transactions.ts';
import type { DescribedTransaction, TransactionState } from './transaction-states-request.ts';
import { listTransactionsRequest, parseListTransactions } from './transaction-states-request.ts';

/** States of transactions that hold up readers which read committed. */
export const OPEN_STATES: readonly TransactionState[] = [
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'PrepareEpochFence',
];

/**
 * The transactions in these states (none named: in any) whose ids begin with `prefix`, by id. Asks every broker, since each knows
 * those that it coordinates. Throws a StreamError.
 */
export async function listTransactions(
  coordinators: KafkaCoordinators,
  prefix: string,
  states: readonly TransactionState[],
  signal: AbortSignal,
): Promise<readonly DescribedTransaction[]> {
  const { client } = coordinators;
  await client.metadata([], signal);
  const found: DescribedTransaction[] = [];
  for (const nodeId of client.nodeIds) {
    const answer = parseListTransactions(await client.send(nodeId, listTransactionsRequest(states), signal));
    if (answer.errorCode !== 0) {
      throw new StreamError(coordinatorRefusal(answer.errorCode, 'Listing transactions of', prefix, client.brokers));
    }
    const mine = answer.transactions.filter(({ transactionalId }) => transactionalId.startsWith(prefix));
    for (const { transactionalId } of mine) {
      const asked = await describeTransaction(coordinators, transactionalId, signal);
      if (asked.kind !== 'answered') {
        throw new StreamError(asked.failure);
      }
      if (asked.answer?.errorCode === 0) {
        found.push(asked.answer);
      }
    }
  }
  // It may have moved on between the two questions.
  return found
    .filter(({ state }) => states.length === 0 || states.includes(state))
    .sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
}
