import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import type { JobStoreCall, JobTransaction, RecordKey, TransactionAnswer } from './job-store.ts';
import { recordKeyName } from './job-store.ts';
import { judgeFailed, judgeTransaction } from './judge-transaction.ts';
import type { HeldValue } from './judge-transaction.ts';
import { MemoryJobStore } from './memory-job-store.ts';
import { parseRecordKey } from './parse-record-key.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { UnreliableJobStore } from './unreliable-job-store-testing.ts';

const call: JobStoreCall = { deadlineMs: 1_000, signal: new AbortController().signal };
const pointer: RecordKey = { kind: 'pointer', jobId: parseJobId('a') };
const attempt: RecordKey = { kind: 'attempt', jobId: parseJobId('a') };
const one = parseLeaderEpoch(1n);

describe('a transaction whose comparison failed', () => {
  const put: JobTransaction = { epoch: one, writes: [{ key: pointer, value: 'v', revision: 3n }], compares: [] };

  test('has landed when its value is held at a later revision than it compares with', () => {
    expect(judgeFailed(put, holding([[pointer, 'v', 4n]]))).toStrictEqual({ kind: 'landed', revision: 4n });
  });

  test('has not when the value is another, is gone, or is as old as what it compares with', () => {
    expect(judgeFailed(put, holding([[pointer, 'w', 4n]])).kind).toBe('fenced');
    expect(judgeFailed(put, holding([])).kind).toBe('fenced');
    expect(judgeFailed(put, holding([[pointer, 'v', 3n]])).kind).toBe('fenced');
  });

  test('has not when one of its deletions is undone', () => {
    const both = { ...put, writes: [...put.writes, { key: attempt, value: undefined, revision: 2n }] };

    expect(judgeFailed(both, holding([[pointer, 'v', 4n]])).kind).toBe('landed');
    expect(
      judgeFailed(
        both,
        holding([
          [pointer, 'v', 4n],
          [attempt, 'x', 2n],
        ]),
      ).kind,
    ).toBe('fenced');
  });

  test('that only deletes has landed if its leader still leads and something was there to delete', () => {
    const deleting = { epoch: one, writes: [{ key: pointer, value: undefined, revision: 3n }], compares: [] };
    const nothing = { ...deleting, writes: [{ key: pointer, value: undefined, revision: 0n }] };

    expect(judgeFailed(deleting, holding([])).kind).toBe('landed');
    expect(judgeFailed(deleting, { ...holding([]), epochHolds: false }).kind).toBe('fenced');
    expect(judgeFailed(nothing, holding([])).kind).toBe('fenced');
  });

  test('of a leader that is not the leader any more is not applied, though all revisions are as it wants them', () => {
    const state = { ...holding([[pointer, 'old', 3n]]), epochHolds: false };

    expect(judgeTransaction(put, state).kind).toBe('fenced');
    expect(judgeTransaction(put, holding([[pointer, 'old', 3n]])).kind).toBe('apply');
  });
});

test('the name of a key says which it is, and no other name does', () => {
  for (const key of [pointer, attempt, { kind: 'attempt-floor' } as const]) {
    expect(parseRecordKey(recordKeyName(key))).toStrictEqual(key);
  }
  for (const name of ['leader', 'jobs', 'jobs/a', 'jobs/a/other', 'jobs/a/job/x', 'jobs//job', 'jobs/ü/job', '']) {
    expect(parseRecordKey(name)).toBe(undefined);
  }
});

/**
 * Leaders that follow each other, each a writer that repeats an unknown write until it is definite, over a network that loses
 * and delays. What the store ever held must be what was answered `done`, in that order; the last write of a leader that was
 * replaced may have landed without its knowing.
 */
test('over a network that loses and delays, exactly what was answered done was written, once and in order', async () => {
  const share = fc.double({ min: 0, max: 0.3, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.record({ answerLost: share, requestLost: share, late: share }),
      fc.array(fc.record({ writes: fc.nat(6), patience: fc.nat(3) }), { minLength: 1, maxLength: 6 }),
      async (seed, unreliability, terms) => {
        const memory = new ObservedStore();
        const store = new UnreliableJobStore(memory, seededRandom(seed), unreliability);
        const done: string[] = [];
        const inDoubt = new Set<string>();
        for (const [term, { writes, patience }] of terms.entries()) {
          const epoch = parseLeaderEpoch(BigInt(term + 1));
          memory.raise(epoch);
          let revision = (await store.load(call)).find(({ key }) => key.kind === 'pointer')?.revision ?? 0n;
          for (let n = 0; n < writes; n += 1) {
            const value = `${term}/${n}`;
            const isLast = n === writes - 1;
            const transaction = { epoch, writes: [{ key: pointer, value, revision }], compares: [] };
            // The last write of a term may be given up: the process dies while its answer is unknown.
            const answer = await repeat(store, transaction, isLast ? patience : 10_000);
            expect(answer?.kind === 'fenced').toBe(false);
            if (answer?.kind === 'done') {
              done.push(value);
              revision = answer.revision;
            } else {
              inDoubt.add(value);
            }
          }
        }
        // All that was delayed lands.
        for (let i = 0; i < 10; i += 1) {
          await store.load(call);
        }
        expect(memory.history.filter((value) => !inDoubt.has(value))).toStrictEqual(done);
        expect(new Set(memory.history).size).toBe(memory.history.length);
      },
    ),
  );
});

/** Remembers each value that the pointer ever had. */
class ObservedStore extends MemoryJobStore {
  readonly history: string[] = [];

  override async transact(transaction: JobTransaction, how: JobStoreCall): ReturnType<MemoryJobStore['transact']> {
    const before = this.#revision;
    const answer = await super.transact(transaction, how);
    if (this.#revision !== before) {
      this.history.push(transaction.writes[0]?.value ?? '');
    }
    return answer;
  }

  get #revision(): bigint {
    return this.records[0]?.revision ?? 0n;
  }
}

async function repeat(
  store: UnreliableJobStore,
  transaction: JobTransaction,
  times: number,
): Promise<TransactionAnswer | undefined> {
  for (let i = 0; i <= times; i += 1) {
    const answer = await store.transact(transaction, call);
    if (answer.kind !== 'ambiguous') {
      return answer;
    }
  }
  return undefined;
}

function holding(entries: readonly (readonly [RecordKey, string, bigint])[]): {
  epochHolds: boolean;
  values: ReadonlyMap<string, HeldValue>;
} {
  const values = entries.map(([key, value, revision]) => [recordKeyName(key), { value, revision }] as const);
  return { epochHolds: true, values: new Map(values) };
}
