/**
 * Kafka's error codes (`org.apache.kafka.common.protocol.Errors`), those that our requests can meet.
 *
 *   retry    the broker or its leadership is in motion: refresh metadata, wait, send the same again
 *   done     the batch is in the log already: a retry that was not needed
 *   fatal    this attempt cannot go on; a new one may
 *   hopeless retrying cannot help: configuration or permissions
 */
export type ErrorClass = 'none' | 'retry' | 'done' | 'fatal' | 'hopeless';

export interface ErrorCode {
  readonly name: string;
  readonly class: ErrorClass;
}

export const OFFSET_OUT_OF_RANGE = 1;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
export const MESSAGE_TOO_LARGE = 10;
export const INVALID_TOPIC = 17;
export const RECORD_LIST_TOO_LARGE = 18;
export const NOT_COORDINATOR = 16;
export const TOPIC_AUTHORIZATION_FAILED = 29;
export const TOPIC_ALREADY_EXISTS = 36;
export const INVALID_PRODUCER_EPOCH = 47;
export const INVALID_TXN_STATE = 48;
export const INVALID_PRODUCER_ID_MAPPING = 49;
export const INVALID_TRANSACTION_TIMEOUT = 50;
export const CONCURRENT_TRANSACTIONS = 51;
export const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53;
export const PRODUCER_FENCED = 90;
export const TRANSACTIONAL_ID_NOT_FOUND = 105;

const codes: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [0, { name: 'NONE', class: 'none' }],
  [-1, { name: 'UNKNOWN_SERVER_ERROR', class: 'fatal' }],
  [OFFSET_OUT_OF_RANGE, { name: 'OFFSET_OUT_OF_RANGE', class: 'hopeless' }],
  [2, { name: 'CORRUPT_MESSAGE', class: 'retry' }],
  [UNKNOWN_TOPIC_OR_PARTITION, { name: 'UNKNOWN_TOPIC_OR_PARTITION', class: 'retry' }],
  [5, { name: 'LEADER_NOT_AVAILABLE', class: 'retry' }],
  [6, { name: 'NOT_LEADER_OR_FOLLOWER', class: 'retry' }],
  [7, { name: 'REQUEST_TIMED_OUT', class: 'retry' }],
  [8, { name: 'BROKER_NOT_AVAILABLE', class: 'retry' }],
  [9, { name: 'REPLICA_NOT_AVAILABLE', class: 'retry' }],
  [MESSAGE_TOO_LARGE, { name: 'MESSAGE_TOO_LARGE', class: 'hopeless' }],
  [13, { name: 'NETWORK_EXCEPTION', class: 'retry' }],
  [14, { name: 'COORDINATOR_LOAD_IN_PROGRESS', class: 'retry' }],
  [15, { name: 'COORDINATOR_NOT_AVAILABLE', class: 'retry' }],
  [NOT_COORDINATOR, { name: 'NOT_COORDINATOR', class: 'retry' }],
  [INVALID_TOPIC, { name: 'INVALID_TOPIC_EXCEPTION', class: 'hopeless' }],
  [RECORD_LIST_TOO_LARGE, { name: 'RECORD_LIST_TOO_LARGE', class: 'hopeless' }],
  [19, { name: 'NOT_ENOUGH_REPLICAS', class: 'retry' }],
  [20, { name: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', class: 'retry' }],
  [TOPIC_AUTHORIZATION_FAILED, { name: 'TOPIC_AUTHORIZATION_FAILED', class: 'hopeless' }],
  [31, { name: 'CLUSTER_AUTHORIZATION_FAILED', class: 'hopeless' }],
  [32, { name: 'INVALID_TIMESTAMP', class: 'hopeless' }],
  [35, { name: 'UNSUPPORTED_VERSION', class: 'hopeless' }],
  [TOPIC_ALREADY_EXISTS, { name: 'TOPIC_ALREADY_EXISTS', class: 'hopeless' }],
  [41, { name: 'NOT_CONTROLLER', class: 'retry' }],
  [43, { name: 'UNSUPPORTED_FOR_MESSAGE_FORMAT', class: 'hopeless' }],
  [44, { name: 'POLICY_VIOLATION', class: 'hopeless' }],
  [45, { name: 'OUT_OF_ORDER_SEQUENCE_NUMBER', class: 'fatal' }],
  [46, { name: 'DUPLICATE_SEQUENCE_NUMBER', class: 'done' }],
  [INVALID_PRODUCER_EPOCH, { name: 'INVALID_PRODUCER_EPOCH', class: 'fatal' }],
  [INVALID_TXN_STATE, { name: 'INVALID_TXN_STATE', class: 'fatal' }],
  [INVALID_PRODUCER_ID_MAPPING, { name: 'INVALID_PRODUCER_ID_MAPPING', class: 'fatal' }],
  [INVALID_TRANSACTION_TIMEOUT, { name: 'INVALID_TRANSACTION_TIMEOUT', class: 'hopeless' }],
  [CONCURRENT_TRANSACTIONS, { name: 'CONCURRENT_TRANSACTIONS', class: 'retry' }],
  [TRANSACTIONAL_ID_AUTHORIZATION_FAILED, { name: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', class: 'hopeless' }],
  [55, { name: 'OPERATION_NOT_ATTEMPTED', class: 'retry' }],
  [56, { name: 'KAFKA_STORAGE_ERROR', class: 'retry' }],
  [59, { name: 'UNKNOWN_PRODUCER_ID', class: 'fatal' }],
  [74, { name: 'FENCED_LEADER_EPOCH', class: 'retry' }],
  [75, { name: 'UNKNOWN_LEADER_EPOCH', class: 'retry' }],
  [76, { name: 'UNSUPPORTED_COMPRESSION_TYPE', class: 'hopeless' }],
  [78, { name: 'OFFSET_NOT_AVAILABLE', class: 'retry' }],
  [87, { name: 'INVALID_RECORD', class: 'hopeless' }],
  [89, { name: 'THROTTLING_QUOTA_EXCEEDED', class: 'retry' }],
  [PRODUCER_FENCED, { name: 'PRODUCER_FENCED', class: 'fatal' }],
  [100, { name: 'UNKNOWN_TOPIC_ID', class: 'retry' }],
  [TRANSACTIONAL_ID_NOT_FOUND, { name: 'TRANSACTIONAL_ID_NOT_FOUND', class: 'fatal' }],
  [120, { name: 'TRANSACTION_ABORTABLE', class: 'fatal' }],
]);

/** A code that we do not know costs the attempt, not the job. */
export function errorOf(code: number): ErrorCode {
  return codes.get(code) ?? { name: `error ${code}`, class: 'fatal' };
}

/** True for a code that a repeated request may cure. */
export function isTransient(code: number): boolean {
  return errorOf(code).class === 'retry';
}
