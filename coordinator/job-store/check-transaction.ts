import { invariant } from '../../shared/invariant.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { recordKeyName } from './job-store.ts';
import type { JobTransaction } from './job-store.ts';

/** Of all values of a transaction. Below etcd's default limit of a request (1.5 MiB), with room for keys and comparisons. */
export const TRANSACTION_BYTES_MAX = 1024 ** 2;
/** Etcd's default `--max-txn-ops` is 128 comparisons, and 128 operations in each branch. */
export const TRANSACTION_KEYS_MAX = 120;

/**
 * What every adapter refuses, so that no test passes with what etcd would refuse: undefined when the transaction is within
 * the bounds.
 */
export function checkTransaction({ writes, compares }: JobTransaction): Failure | undefined {
  const names = writes.map(({ key }) => recordKeyName(key));
  invariant(new Set(names).size === names.length, `a transaction writes each key once, got ${names.join(', ')}`);
  if (writes.length + compares.length > TRANSACTION_KEYS_MAX) {
    return tooLarge(`${writes.length + compares.length} keys, at most ${TRANSACTION_KEYS_MAX} are possible`, names);
  }
  const bytes = writes.reduce((sum, { value }) => sum + (value === undefined ? 0 : Buffer.byteLength(value)), 0);
  if (bytes > TRANSACTION_BYTES_MAX) {
    return tooLarge(`${bytes} bytes, at most ${TRANSACTION_BYTES_MAX} are possible`, names);
  }
  return undefined;
}

function tooLarge(what: string, names: readonly string[]): Failure {
  return {
    code: 'job-store-transaction-too-large',
    reaction: 'fail-job',
    message: `a transaction on ${names.slice(0, 4).join(', ')} has ${what}`,
    remedy: 'Give the job fewer operators, splits or arguments.',
  };
}
