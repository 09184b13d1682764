import { createHash } from 'node:crypto';
import type { ICompare, IKeyValue, IRequestOp, ITxnResponse } from 'etcd3';
import type { EtcdMembers } from '../../shared/etcd/etcd-members.ts';
import { askEtcd, repeatEtcd } from '../../shared/etcd/etcd-requests.ts';
import type { EtcdAnswer, EtcdCall } from '../../shared/etcd/etcd-requests.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { unreachable } from '../../shared/invariant.ts';
import { checkTransaction } from './check-transaction.ts';
import { judgeFailed } from './judge-transaction.ts';
import type { HeldValue } from './judge-transaction.ts';
import { recordKeyName } from './job-store.ts';
import type {
  JobStore,
  JobStoreCall,
  JobTransaction,
  RecordKey,
  StoredRecord,
  TransactionAnswer,
} from './job-store.ts';
import { parseRecordKey } from './parse-record-key.ts';

/** With values of at most 1 MiB each, a page stays below the largest message that the client takes. */
const PAGE_RECORDS_MAX = 32;

/**
 * Etcd as job store. A record is the key `<prefix><recordKeyName>`, its revision etcd's mod_revision. The epoch is the
 * create_revision of `<prefix>leader`, which the election puts there: every transaction compares it, and in its else-branch
 * reads that key and those it would have written, so that a failed comparison is explained in the same moment (S2).
 *
 * Etcd's answers: comparison held → `done`; failed → `done` or `fenced` (judge-transaction.ts); refused before it was
 * proposed → `refused`, unless an earlier copy of the same transaction may still be under way; anything else → `ambiguous`.
 */
export class EtcdJobStore implements JobStore {
  readonly #members: EtcdMembers;
  /** Hashes of transactions of which a copy may still land. One per key at most, since a key has one writer. */
  readonly #unknown = new Set<string>();

  /** Owns the connections: `close` closes them. One request takes at most their timeout; a call's own deadline may be longer. */
  constructor(members: EtcdMembers) {
    this.#members = members;
  }

  /** Pages are read at one revision. When etcd has compacted it meanwhile, loading begins anew. */
  async load(call: JobStoreCall): Promise<readonly StoredRecord[]> {
    const deadline = performance.now() + call.deadlineMs;
    for (;;) {
      call.signal.throwIfAborted();
      const answer = await this.#loadAtOneRevision(deadline, call.signal);
      switch (answer.kind) {
        case 'answered':
          return answer.value;
        case 'refused':
          if (performance.now() < deadline && answer.failure.message.includes('compacted')) {
            break;
          }
          throw new StreamError(answer.failure);
        case 'unknown':
          call.signal.throwIfAborted();
          throw new StreamError(answer.failure);
        default:
          return unreachable(answer);
      }
    }
  }

  async transact(transaction: JobTransaction, call: JobStoreCall): Promise<TransactionAnswer> {
    const failure = checkTransaction(transaction);
    if (failure !== undefined) {
      return { kind: 'refused', failure };
    }
    const answer = await askEtcd('write job records', this.#bounded(call), async (etcd, options) => {
      return await etcd.kv.txn(this.#request(transaction), options);
    });
    return this.#judge(transaction, answer);
  }

  async close(): Promise<void> {
    this.#members.close();
    await Promise.resolve();
  }

  #judge(transaction: JobTransaction, answer: EtcdAnswer<ITxnResponse>): TransactionAnswer {
    const hash = hashOf(transaction);
    switch (answer.kind) {
      case 'unknown':
        this.#unknown.add(hash);
        return { kind: 'ambiguous', failure: answer.failure };
      case 'refused':
        return { kind: this.#unknown.has(hash) ? 'ambiguous' : 'refused', failure: answer.failure };
      case 'answered': {
        this.#unknown.delete(hash);
        if (answer.value.succeeded) {
          return { kind: 'done', revision: BigInt(answer.value.header.revision) };
        }
        const { epochHolds, values } = this.#held(transaction, answer.value);
        const judgement = judgeFailed(transaction, { epochHolds, values });
        if (judgement.kind === 'fenced') {
          return judgement;
        }
        // A deletion leaves no revision of its own; what is asked for is only that it is not greater than a later one.
        const revision = judgement.revision === 0n ? BigInt(answer.value.header.revision) : judgement.revision;
        return { kind: 'done', revision };
      }
      default:
        return unreachable(answer);
    }
  }

  #request({ epoch, writes, compares }: JobTransaction): {
    readonly compare: ICompare[];
    readonly success: IRequestOp[];
    readonly failure: IRequestOp[];
  } {
    const leads: ICompare = {
      result: 'Equal',
      target: 'Create',
      key: this.#leaderKey,
      create_revision: String(epoch),
    };
    const unchanged = [...writes, ...compares].map(({ key, revision }): ICompare => ({
      result: 'Equal',
      target: 'Mod',
      key: this.#keyOf(key),
      mod_revision: String(revision),
    }));
    return {
      compare: [leads, ...unchanged],
      success: writes.map(({ key, value }) =>
        value === undefined
          ? { request_delete_range: { key: this.#keyOf(key) } }
          : { request_put: { key: this.#keyOf(key), value: Buffer.from(value) } },
      ),
      failure: [this.#leaderKey, ...writes.map(({ key }) => this.#keyOf(key))].map((key) => ({
        request_range: { key },
      })),
    };
  }

  #held(
    { epoch }: JobTransaction,
    { responses }: ITxnResponse,
  ): { epochHolds: boolean; values: Map<string, HeldValue> } {
    const found = responses.flatMap(({ response_range }) => response_range.kvs);
    const leader = found.find(({ key }) => key.equals(this.#leaderKey));
    const values = found.filter((pair) => pair !== leader).map((pair) => [this.#nameOf(pair), heldOf(pair)] as const);
    return { epochHolds: leader?.create_revision === String(epoch), values: new Map(values) };
  }

  async #loadAtOneRevision(deadline: number, signal: AbortSignal): Promise<EtcdAnswer<readonly StoredRecord[]>> {
    const records: StoredRecord[] = [];
    const end = endOf(Buffer.from(this.#prefix));
    let from: Buffer = Buffer.from(this.#prefix);
    // The first page asks for the present (linearizable, S4), the others for what it was then.
    let revision = '0';
    for (;;) {
      const call = { members: this.#members, deadlineMs: Math.max(0, deadline - performance.now()), signal };
      const answer = await repeatEtcd('read job records', call, async (etcd, options) => {
        return await etcd.kv.range({ key: from, range_end: end, limit: PAGE_RECORDS_MAX, revision }, options);
      });
      if (answer.kind !== 'answered') {
        return answer;
      }
      const { kvs, more, header } = answer.value;
      records.push(...kvs.flatMap((pair) => this.#recordOf(pair)));
      const last = kvs.at(-1);
      if (!more || last === undefined) {
        return { kind: 'answered', value: records };
      }
      revision = revision === '0' ? header.revision : revision;
      from = Buffer.concat([last.key, Buffer.from([0])]);
    }
  }

  /** The leader's key, and keys of a later version of this program, are no records. */
  #recordOf(pair: IKeyValue): readonly StoredRecord[] {
    const key = parseRecordKey(this.#nameOf(pair));
    const { value, revision } = heldOf(pair);
    return key === undefined ? [] : [{ key, value, revision }];
  }

  #bounded({ deadlineMs, signal }: JobStoreCall): EtcdCall {
    return { members: this.#members, deadlineMs: Math.min(deadlineMs, this.#members.settings.timeoutMs), signal };
  }

  get #prefix(): string {
    return this.#members.settings.prefix;
  }

  get #leaderKey(): Buffer {
    return Buffer.from(`${this.#prefix}leader`);
  }

  #keyOf(key: RecordKey): Buffer {
    return Buffer.from(`${this.#prefix}${recordKeyName(key)}`);
  }

  #nameOf({ key }: IKeyValue): string {
    return key.toString().slice(this.#prefix.length);
  }
}

function heldOf({ value, mod_revision }: IKeyValue): HeldValue {
  return { value: value.toString(), revision: BigInt(mod_revision) };
}

/** The first key after all that begin with the prefix. A prefix ends with a slash, so its last byte can be raised. */
function endOf(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
  return end;
}

function hashOf({ epoch, writes, compares }: JobTransaction): string {
  const hash = createHash('sha256').update(String(epoch));
  for (const { key, value, revision } of writes) {
    hash.update(`\n${recordKeyName(key)} ${revision} ${value === undefined ? 'deleted' : JSON.stringify(value)}`);
  }
  for (const { key, revision } of compares) {
    hash.update(`\n${recordKeyName(key)} ${revision}`);
  }
  return hash.digest('base64');
}
