import { failpointAsync } from '../../shared/failpoints/failpoint.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import { coordinatorRefusal, writerFenced } from './broker-failures.ts';
import { errorOf, INVALID_PRODUCER_EPOCH, NOT_COORDINATOR, PRODUCER_FENCED } from './error-codes.ts';
import type { KafkaCoordinators } from './kafka-coordinators.ts';
import type { ApiRequest } from './api-request.ts';
import type { InitProducerId, TransactionOwner } from './transaction-requests.ts';
import {
  endTransactionRequest,
  initProducerIdRequest,
  parseEndTransaction,
  parseInitProducerId,
} from './transaction-requests.ts';
import type { DescribedTransaction } from './transaction-states-request.ts';
import { describeTransactionsRequest, parseDescribeTransactions } from './transaction-states-request.ts';

/** One request about one transactional id, once, and what is known afterwards. Who may repeat it is the caller's business. */

/** The coordinator has log entries that it could not replicate in time: they may or may not count. */
const AMBIGUOUS_CODES: ReadonlySet<number> = new Set([-1, 7, 15]);

export type Initialised =
  | { readonly kind: 'initialised'; readonly owner: TransactionOwner }
  /** Nothing has happened: ask again later. */
  | { readonly kind: 'not-done'; readonly failure: Failure }
  /** It has happened, or will, or not. */
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | { readonly kind: 'refused'; readonly failure: Failure };

export type Asked<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  | { readonly kind: 'no-answer'; readonly failure: Failure };

/** InitProducerId: fences whoever has the id, and aborts what it has open. Throws only on abort. */
export async function initTransactionalId(
  coordinators: KafkaCoordinators,
  init: InitProducerId,
  signal: AbortSignal,
): Promise<Initialised> {
  const { transactionalId } = init;
  await failpointAsync('kafka.before-init-producer-id');
  const asked = await askCoordinator(coordinators, transactionalId, initProducerIdRequest(init), signal);
  if (asked.kind !== 'answered') {
    return { kind: asked.kind === 'not-sent' ? 'not-done' : 'unknown', failure: asked.failure };
  }
  const { errorCode, producerId, producerEpoch } = parseInitProducerId(asked.answer);
  if (errorCode === 0) {
    return { kind: 'initialised', owner: { transactionalId, producerId, producerEpoch } };
  }
  if (errorCode === PRODUCER_FENCED || errorCode === INVALID_PRODUCER_EPOCH) {
    return { kind: 'refused', failure: writerFenced(transactionalId) };
  }
  const failure = refusal(coordinators, errorCode, 'Initialising', transactionalId);
  if (AMBIGUOUS_CODES.has(errorCode)) {
    return { kind: 'unknown', failure };
  }
  return { kind: errorOf(errorCode).class === 'retry' ? 'not-done' : 'refused', failure };
}

/** The code with which the coordinator answered EndTxn. Throws only on abort. */
export async function endTransaction(
  coordinators: KafkaCoordinators,
  owner: TransactionOwner,
  outcome: 'commit' | 'abort',
  signal: AbortSignal,
): Promise<Asked<number>> {
  const { transactionalId } = owner;
  const request = endTransactionRequest(owner, outcome);
  const asked = await askCoordinator(coordinators, transactionalId, request, signal);
  if (asked.kind !== 'answered') {
    return asked;
  }
  const errorCode = parseEndTransaction(asked.answer);
  forgetIfMoved(coordinators, errorCode, transactionalId);
  return { kind: 'answered', answer: errorCode };
}

/** What the coordinator knows of an id; undefined when its answer names another. Throws only on abort. */
export async function describeTransaction(
  coordinators: KafkaCoordinators,
  transactionalId: string,
  signal: AbortSignal,
): Promise<Asked<DescribedTransaction | undefined>> {
  const request = describeTransactionsRequest([transactionalId]);
  const asked = await askCoordinator(coordinators, transactionalId, request, signal);
  if (asked.kind !== 'answered') {
    return asked;
  }
  const described = parseDescribeTransactions(asked.answer).find((each) => each.transactionalId === transactionalId);
  forgetIfMoved(coordinators, described?.errorCode ?? 0, transactionalId);
  return { kind: 'answered', answer: described };
}

/** Sends to the broker that coordinates the id. Throws only on abort. */
export async function askCoordinator(
  coordinators: KafkaCoordinators,
  transactionalId: string,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<Asked<Buffer>> {
  let nodeId: number;
  try {
    nodeId = await coordinators.connect('transaction', transactionalId, signal);
  } catch (error) {
    return { kind: 'not-sent', failure: failureOf(error, signal) };
  }
  try {
    return { kind: 'answered', answer: await coordinators.client.send(nodeId, request, signal) };
  } catch (error) {
    coordinators.forget('transaction', transactionalId);
    return { kind: 'no-answer', failure: failureOf(error, signal) };
  }
}

/** What a coordinator's code means; the next request finds the coordinator anew when it has moved. */
export function refusal(
  coordinators: KafkaCoordinators,
  errorCode: number,
  doing: string,
  transactionalId: string,
): Failure {
  forgetIfMoved(coordinators, errorCode, transactionalId);
  return coordinatorRefusal(errorCode, doing, transactionalId, coordinators.client.brokers);
}

function forgetIfMoved(coordinators: KafkaCoordinators, errorCode: number, transactionalId: string): void {
  if (errorCode === NOT_COORDINATOR || AMBIGUOUS_CODES.has(errorCode)) {
    coordinators.forget('transaction', transactionalId);
  }
}

function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted && !(error instanceof StreamError)) {
    throw error;
  }
  return classifyUnknown(error, 'Kafka transactions');
}
