import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';
import type { TransactionOwner, TransactionPartition } from './transaction-requests.ts';

/** ListTransactions and DescribeTransactions, version 0 (KIP-664, Kafka 3.0): what a transaction coordinator knows. */

/** As brokers call them; `Dead` and `PrepareEpochFence` are passing. */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence'
  | 'Unknown';

const STATES: readonly TransactionState[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
];

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly state: TransactionState;
}

export interface DescribedTransaction extends TransactionOwner {
  readonly errorCode: number;
  readonly state: TransactionState;
  readonly timeoutMs: number;
  /** Epoch milliseconds; −1 when nothing is open. */
  readonly startedAtMs: number;
  readonly partitions: readonly TransactionPartition[];
}

/** Of those that the asked broker coordinates. `states` empty: in any state. */
export function listTransactionsRequest(states: readonly TransactionState[]): ApiRequest {
  const body = new RequestWriter().tags();
  body
    .compactArray(states, (state) => body.compactString(state))
    .compactArray([], () => undefined)
    .tags();
  return { apiKey: 66, apiVersion: 0, apiName: 'ListTransactions', chunks: [body.finish()], holdMs: 0 };
}

export function parseListTransactions(bytes: Buffer): {
  readonly errorCode: number;
  readonly transactions: readonly ListedTransaction[];
} {
  const reader = new ResponseReader(bytes);
  reader.tags();
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  reader.compactArray((each) => each.compactString()); // states that the broker does not know
  const transactions = reader.compactArray((each) => {
    const transactionalId = each.compactString() ?? '';
    const transaction = { transactionalId, producerId: each.int64(), state: parseState(each.compactString()) };
    each.tags();
    return transaction;
  });
  return { errorCode, transactions };
}

/** To the broker that coordinates all of these ids. */
export function describeTransactionsRequest(transactionalIds: readonly string[]): ApiRequest {
  const body = new RequestWriter().tags();
  body.compactArray(transactionalIds, (id) => body.compactString(id)).tags();
  return { apiKey: 65, apiVersion: 0, apiName: 'DescribeTransactions', chunks: [body.finish()], holdMs: 0 };
}

export function parseDescribeTransactions(bytes: Buffer): readonly DescribedTransaction[] {
  const reader = new ResponseReader(bytes);
  reader.tags();
  reader.int32(); // throttle time
  return reader.compactArray(readTransaction);
}

function readTransaction(reader: ResponseReader): DescribedTransaction {
  const transaction = {
    errorCode: reader.int16(),
    transactionalId: reader.compactString() ?? '',
    state: parseState(reader.compactString()),
    timeoutMs: reader.int32(),
    startedAtMs: Number(reader.int64()),
    producerId: reader.int64(),
    producerEpoch: reader.int16(),
    partitions: reader.compactArray(readTopic).flat(),
  };
  reader.tags();
  return transaction;
}

function readTopic(reader: ResponseReader): readonly TransactionPartition[] {
  const topic = reader.compactString() ?? '';
  const partitions = reader.compactArray((each) => ({ topic, partition: each.int32() }));
  reader.tags();
  return partitions;
}

function parseState(text: string | undefined): TransactionState {
  return STATES.find((state) => state === text) ?? 'Unknown';
}
