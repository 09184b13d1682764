import type { Clock } from '../../shared/clock/clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { describeBrokerConfigsRequest, parseDescribeConfigs } from './describe-configs-request.ts';
import { errorOf, TRANSACTIONAL_ID_AUTHORIZATION_FAILED } from './error-codes.ts';
import type { KafkaClient } from './kafka-client.ts';
import type { KafkaCoordinators } from './kafka-coordinators.ts';
import { retryTransient } from './kafka-retry.ts';
import { describeTransaction } from './kafka-transactions.ts';
import { transactionalIdOf } from './transactional-id.ts';

const TIMEOUT_MAX_KEY = 'transaction.max.timeout.ms';
const BUDGET_MS = 10_000;

export interface TransactionsToCheck {
  readonly clusterId: string;
  readonly jobId: string;
  readonly uid: string;
  readonly transactionTimeoutMs: number;
  readonly neededMs: number;
  readonly clock: Clock;
}

/** DESIGN §8.9: what would cost a job its transactions, before it starts. Sentences; none when all is well. */
export async function checkTransactions(
  coordinators: KafkaCoordinators,
  sink: TransactionsToCheck,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return await retryTransient(
    async () => {
      const allowedMs = await timeoutMaxOf(coordinators.client, signal);
      return [...timeoutProblems(sink, allowedMs), ...(await accessProblems(coordinators, sink, signal))];
    },
    sink.clock,
    BUDGET_MS,
    signal,
  );
}

function timeoutProblems(
  { transactionTimeoutMs, neededMs }: TransactionsToCheck,
  allowedMs: number | undefined,
): readonly string[] {
  const isTooShort = transactionTimeoutMs < neededMs;
  const isTooLong = allowedMs !== undefined && transactionTimeoutMs > allowedMs;
  const tooShort = `transactionTimeoutMs is ${transactionTimeoutMs}, and the checkpoint settings need ${Math.ceil(neededMs)}; raise it, or lower execution.checkpointing.timeout, .interval or .tolerable-failed-checkpoints.`;
  const tooLong = `transactionTimeoutMs is ${transactionTimeoutMs}, and the brokers allow ${allowedMs ?? 0} (${TIMEOUT_MAX_KEY}); lower it, or raise that.`;
  return [...(isTooShort ? [tooShort] : []), ...(isTooLong ? [tooLong] : [])];
}

/** The least that any broker allows: each may coordinate. Undefined when we may not ask: then InitProducerId will tell. */
async function timeoutMaxOf(client: KafkaClient, signal: AbortSignal): Promise<number | undefined> {
  await client.metadata([], signal);
  const values = await Promise.all(
    client.nodeIds.map(async (nodeId) => {
      const request = describeBrokerConfigsRequest(nodeId, [TIMEOUT_MAX_KEY]);
      const { errorCode, values: found } = parseDescribeConfigs(await client.send(nodeId, request, signal));
      const value = Number(found.get(TIMEOUT_MAX_KEY));
      return errorCode === 0 && Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
    }),
  );
  const least = Math.min(...values);
  return Number.isFinite(least) ? least : undefined;
}

/** Asks for an id that nobody has: tells whether the broker is new enough, coordinates transactions, and lets us have ids. */
async function accessProblems(
  coordinators: KafkaCoordinators,
  sink: TransactionsToCheck,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const transactionalId = transactionalIdOf({ ...sink, attempt: 0, subtask: 0, n: 0 });
  const asked = await describeTransaction(coordinators, transactionalId, signal);
  if (asked.kind !== 'answered') {
    throw new StreamError(asked.failure);
  }
  const errorCode = asked.answer?.errorCode ?? 0;
  if (errorCode === TRANSACTIONAL_ID_AUTHORIZATION_FAILED) {
    const [cluster] = sink.clusterId.split('/');
    return [
      `the user of kafka.sasl.username may not use transactional ids that begin with "${cluster ?? ''}/"; give it the rights Write and Describe on them (kafka-acls.sh --add --transactional-id "${cluster ?? ''}/" --resource-pattern-type prefixed).`,
    ];
  }
  if (errorOf(errorCode).class === 'retry') {
    throw new StreamError({
      code: 'kafka-not-available',
      reaction: 'retry',
      message: `Kafka at ${coordinators.client.brokers.join(',')} does not coordinate transactions: ${errorOf(errorCode).name}.`,
      remedy: 'Look at the state of the brokers.',
    });
  }
  return [];
}
