import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { Failure } from '../../shared/failure/failure.ts';

/**
 * What is durable of the jobs, as records under keys: small values only (code, graphs and metadata are objects of the snapshot
 * store). Adapters: etcd (several coordinators), a folder (one, which may be restarted), memory (tests).
 *
 *   job            what was submitted, and the state that a new leader has to know   (job-record.ts)
 *   attempt        what is deployed where, and the attempts that are condemned and not yet abandoned
 *   ids            up to which checkpoint ids are reserved
 *   pointer        the last checkpoint: the commit record
 *   marker         the checkpoint whose commits are done
 *   terminal       how the job ended
 *   attempt-floor  no job ever uses an attempt number up to this one
 *
 * S1  A transaction is all or nothing, and compares the leader's epoch (a greater one that was ever seen wins, by whatever
 *     process) together with the revision of every key that is written, and of those in `compares`.
 * S2  `done` means durable. It is answered too when the comparison failed and the store, in the same transaction, read that it
 *     holds exactly these values: an earlier copy of it had landed.
 * S3  `ambiguous`: not known, and it may still land. Only the same transaction again gives a definite answer; of all copies at
 *     most one succeeds, since it changes the revisions that they compare. A read proves nothing.
 * S4  `load` is linearizable: it sees everything that was ever answered `done`.
 * S5  Every call ends by its deadline.
 */
export interface JobStore {
  load(call: JobStoreCall): Promise<readonly StoredRecord[]>;
  transact(transaction: JobTransaction, call: JobStoreCall): Promise<TransactionAnswer>;
  close(): Promise<void>;
}

export interface JobStoreCall {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

export type JobRecordKind = 'job' | 'attempt' | 'ids' | 'pointer' | 'marker' | 'terminal';

export type RecordKey = { readonly kind: JobRecordKind; readonly jobId: JobId } | { readonly kind: 'attempt-floor' };

export interface StoredRecord {
  readonly key: RecordKey;
  readonly value: string;
  /** Greater after each write of any key. */
  readonly revision: bigint;
}

export interface JobTransaction {
  readonly epoch: LeaderEpoch;
  /** `value` undefined: the key is deleted. `revision`: of what is replaced; 0: the key must be absent. */
  readonly writes: readonly {
    readonly key: RecordKey;
    readonly value: string | undefined;
    readonly revision: bigint;
  }[];
  /** Further keys that must not have changed. */
  readonly compares: readonly { readonly key: RecordKey; readonly revision: bigint }[];
}

export type TransactionAnswer =
  | { readonly kind: 'done'; readonly revision: bigint }
  /** A comparison failed, and the values are another's: someone newer leads, or the attempt is condemned. Nothing was changed. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'ambiguous'; readonly failure: Failure }
  /** Certainly not done, and no copy of it is under way (no space, too large). */
  | { readonly kind: 'refused'; readonly failure: Failure };

/** `jobs/hl7/pointer`; the adapters put their own prefix before it. */
export function recordKeyName(key: RecordKey): string {
  return key.kind === 'attempt-floor' ? 'attempt-floor' : `jobs/${key.jobId}/${key.kind}`;
}
