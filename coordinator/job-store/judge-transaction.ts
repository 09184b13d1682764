import { recordKeyName } from './job-store.ts';
import type { JobTransaction, RecordKey } from './job-store.ts';

/** What a store holds under a key. */
export interface HeldValue {
  readonly value: string;
  readonly revision: bigint;
}

/** What a store read of a transaction's keys, at one moment. */
export interface HeldState {
  /** Whether the transaction's epoch is still that of the leader. */
  readonly epochHolds: boolean;
  /** By `recordKeyName`; of absent keys nothing. */
  readonly values: ReadonlyMap<string, HeldValue>;
}

export type Judgement =
  { readonly kind: 'apply' } | { readonly kind: 'landed'; readonly revision: bigint } | { readonly kind: 'fenced' };

/** S1: may the transaction be applied to what is held? */
export function comparisonsHold({ writes, compares }: JobTransaction, held: HeldState): boolean {
  return held.epochHolds && [...writes, ...compares].every(({ key, revision }) => revisionOf(held, key) === revision);
}

/**
 * S2, of a transaction whose comparison failed: did an earlier copy of it land? Proof is that all values it puts are held,
 * all written at the same revision, which is a later one than it compares with: a value that was the same before proves
 * nothing. A transaction that only deletes leaves no such trace; while its leader still leads, nobody else can have deleted.
 * A transaction that writes nothing cannot have landed.
 */
export function judgeFailed(transaction: JobTransaction, held: HeldState): Exclude<Judgement, { kind: 'apply' }> {
  const puts = transaction.writes.filter(({ value }) => value !== undefined);
  const deletes = transaction.writes.filter(({ value }) => value === undefined);
  const areDeleted = deletes.every(({ key }) => revisionOf(held, key) === 0n);
  const [first] = puts;
  if (first === undefined) {
    const mayHaveLanded = held.epochHolds && deletes.some(({ revision }) => revision > 0n);
    return areDeleted && mayHaveLanded ? { kind: 'landed', revision: 0n } : { kind: 'fenced' };
  }
  const at = revisionOf(held, first.key);
  const arePut = puts.every(({ key, value, revision }) => {
    const found = held.values.get(recordKeyName(key));
    return found?.value === value && found?.revision === at && at > revision;
  });
  return arePut && areDeleted ? { kind: 'landed', revision: at } : { kind: 'fenced' };
}

/** Both questions, for stores that read before they write. */
export function judgeTransaction(transaction: JobTransaction, held: HeldState): Judgement {
  return comparisonsHold(transaction, held) ? { kind: 'apply' } : judgeFailed(transaction, held);
}

function revisionOf(held: HeldState, key: RecordKey): bigint {
  return held.values.get(recordKeyName(key))?.revision ?? 0n;
}
