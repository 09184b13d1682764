import type { LeaderEpoch } from '../../shared/ids.ts';
import { judgeTransaction } from './judge-transaction.ts';
import type { HeldValue, Judgement } from './judge-transaction.ts';
import { recordKeyName } from './job-store.ts';
import type { JobTransaction, StoredRecord } from './job-store.ts';
import { parseRecordKey } from './parse-record-key.ts';

/** All that a store in memory or in a folder holds. */
export interface StoredState {
  /** The greatest epoch that was ever seen; 0 before the first. */
  readonly epoch: bigint;
  /** Of the last write. */
  readonly revision: bigint;
  readonly values: ReadonlyMap<string, HeldValue>;
}

export const EMPTY_STATE: StoredState = { epoch: 0n, revision: 0n, values: new Map() };

/** A greater epoch than any before is the leader's (S1): nothing of a smaller one is accepted from then on. */
export function judge(state: StoredState, transaction: JobTransaction): Judgement {
  return judgeTransaction(transaction, { epochHolds: transaction.epoch >= state.epoch, values: state.values });
}

/** The state after a transaction that `judge` lets be applied. */
export function applyTransaction(state: StoredState, { epoch, writes }: JobTransaction): StoredState {
  const revision = state.revision + 1n;
  const values = new Map(state.values);
  for (const { key, value } of writes) {
    if (value === undefined) {
      values.delete(recordKeyName(key));
    } else {
      values.set(recordKeyName(key), { value, revision });
    }
  }
  return { epoch, revision, values };
}

export function raiseEpoch(state: StoredState, epoch: LeaderEpoch): StoredState {
  return epoch > state.epoch ? { ...state, epoch } : state;
}

/** Ascending by name, as etcd lists keys. */
export function listRecords({ values }: StoredState): readonly StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const [name, { value, revision }] of [...values].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = parseRecordKey(name);
    if (key !== undefined) {
      records.push({ key, value, revision });
    }
  }
  return records;
}
