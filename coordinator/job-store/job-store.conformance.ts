import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseJobId } from '../../shared/ids.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { JobRecordKind, JobStore, JobStoreCall, JobTransaction, RecordKey } from './job-store.ts';

/** How a suite handles a store. */
export interface JobStoreUnderTest {
  readonly store: JobStore;
  /** Another takes over: its epoch is greater than all before, and known to the store. */
  lead(): Promise<LeaderEpoch>;
  close(): Promise<void>;
}

const call: JobStoreCall = { deadlineMs: 10_000, signal: new AbortController().signal };

/** What every implementation of the job store must pass. `open`: an empty one. */
export function jobStoreConformance(name: string, open: () => Promise<JobStoreUnderTest>): void {
  describe(`${name} as a job store`, () => {
    let under: JobStoreUnderTest;
    let store: JobStore;
    let epoch: LeaderEpoch;
    let jobs = 0;
    /** Each test has a job of its own. */
    let key: (kind: JobRecordKind) => RecordKey;
    beforeAll(async () => {
      under = await open();
      store = under.store;
    });
    beforeEach(async () => {
      jobs += 1;
      const jobId = parseJobId(`job-${String(jobs).padStart(3, '0')}`);
      key = (kind) => ({ kind, jobId });
      epoch = await under.lead();
    });
    afterAll(async () => {
      await under.close();
    });

    async function put(kind: JobRecordKind, value: string | undefined, revision: bigint): Promise<bigint> {
      const answer = await store.transact({ epoch, writes: [{ key: key(kind), value, revision }], compares: [] }, call);
      expect(answer.kind).toBe('done');
      return answer.kind === 'done' ? answer.revision : 0n;
    }

    async function held(kind: JobRecordKind): Promise<string | undefined> {
      const { jobId } = { jobId: '', ...key(kind) };
      const records = await store.load(call);
      return records.find((record) => record.key.kind === kind && record.key.jobId === jobId)?.value;
    }

    async function kindOf(transaction: JobTransaction): Promise<string> {
      return (await store.transact(transaction, call)).kind;
    }

    test('what was written is loaded, with the revision of its last write', async () => {
      const first = await put('job', 'one', 0n);
      const second = await put('job', 'two', first);

      const [found] = (await store.load(call)).filter((record) => 'jobId' in record.key && record.value === 'two');
      expect(found).toStrictEqual({ key: key('job'), value: 'two', revision: second });
      expect(second > first).toBe(true);
    });

    test('keeps any text: line ends, quotes, characters of all planes, and none', async () => {
      const values = ['', '\n\r\u2028', '"\\', 'Žluťoučký 🩺', '{"a":1}\u0000'];
      let revision = 0n;
      for (const value of values) {
        revision = await put('job', value, revision);
        expect(await held('job')).toBe(value);
      }
    });

    test('several keys are written at once, at one revision, or none of them (S1)', async () => {
      const writes = (['pointer', 'ids'] as const).map((kind) => ({ key: key(kind), value: kind, revision: 0n }));
      const done = await store.transact({ epoch, writes, compares: [] }, call);
      const mixed = { epoch, writes: [...writes.slice(0, 1).map((write) => ({ ...write, value: 'x' }))], compares: [] };

      expect(done.kind).toBe('done');
      expect(await kindOf({ ...mixed, writes: [...mixed.writes, { key: key('job'), value: 'y', revision: 0n }] })).toBe(
        'fenced',
      );
      expect([await held('pointer'), await held('ids'), await held('job')]).toStrictEqual([
        'pointer',
        'ids',
        undefined,
      ]);
    });

    test('a transaction with an older revision than what it replaces is fenced, and changes nothing', async () => {
      const first = await put('pointer', 'one', 0n);
      await put('pointer', 'two', first);

      const stale = { epoch, writes: [{ key: key('pointer'), value: 'three', revision: first }], compares: [] };
      expect(await kindOf(stale)).toBe('fenced');
      expect(await kindOf({ ...stale, writes: [{ ...stale.writes[0]!, revision: 0n }] })).toBe('fenced');
      expect(await held('pointer')).toBe('two');
    });

    test('a transaction whose compared key has changed, or is gone, is fenced', async () => {
      const first = await put('attempt', 'one', 0n);
      const write = { key: key('pointer'), value: 'p', revision: 0n };
      const comparing = { epoch, writes: [write], compares: [{ key: key('attempt'), revision: first }] };

      const second = await put('attempt', 'two', first);
      expect(await kindOf(comparing)).toBe('fenced');
      await put('attempt', undefined, second);
      expect(await kindOf(comparing)).toBe('fenced');
      expect(await held('pointer')).toBe(undefined);
      expect(await kindOf({ ...comparing, compares: [{ key: key('attempt'), revision: 0n }] })).toBe('done');
    });

    test('an earlier leader is fenced from the moment that a greater epoch is known, and changes nothing', async () => {
      const first = await put('job', 'one', 0n);
      const later = await under.lead();

      const stale = { epoch, writes: [{ key: key('job'), value: 'two', revision: first }], compares: [] };
      expect(await kindOf(stale)).toBe('fenced');
      expect(await held('job')).toBe('one');
      expect(await kindOf({ ...stale, epoch: later })).toBe('done');
    });

    test('the same transaction again is done, at the same revision (S2)', async () => {
      const writes = (['pointer', 'ids'] as const).map((kind) => ({ key: key(kind), value: kind, revision: 0n }));
      const first = await store.transact({ epoch, writes, compares: [] }, call);

      expect(await store.transact({ epoch, writes, compares: [] }, call)).toStrictEqual(first);
    });

    test('a transaction that landed is done also when it is repeated after another took over (S2)', async () => {
      const transaction = { epoch, writes: [{ key: key('pointer'), value: 'p', revision: 0n }], compares: [] };
      const first = await store.transact(transaction, call);
      await under.lead();

      expect(await store.transact(transaction, call)).toStrictEqual(first);
    });

    test('a value that was the same before is no proof that a copy landed', async () => {
      const first = await put('pointer', 'same', 0n);
      const attempt = await put('attempt', 'one', 0n);
      await put('attempt', 'condemned', attempt);

      const again = { key: key('pointer'), value: 'same', revision: first };
      expect(await kindOf({ epoch, writes: [again], compares: [{ key: key('attempt'), revision: attempt }] })).toBe(
        'fenced',
      );
    });

    test('equal values that were written one by one are no proof that the two of them landed together', async () => {
      await put('pointer', 'p', 0n);
      await put('ids', 'i', 0n);

      const both = [
        { key: key('pointer'), value: 'p', revision: 0n },
        { key: key('ids'), value: 'i', revision: 0n },
      ];
      expect(await kindOf({ epoch, writes: both, compares: [] })).toBe('fenced');
    });

    test('what was deleted is gone; deleting again what this leader deleted is done; then the key is as if it never was', async () => {
      const first = await put('terminal', 'failed', 0n);
      const deletion = { epoch, writes: [{ key: key('terminal'), value: undefined, revision: first }], compares: [] };

      expect([await kindOf(deletion), await kindOf(deletion)]).toStrictEqual(['done', 'done']);
      expect(await held('terminal')).toBe(undefined);
      expect((await put('terminal', 'again', 0n)) > first).toBe(true);
    });

    test('a deletion by an earlier leader is fenced, also when the key is gone', async () => {
      const first = await put('terminal', 'failed', 0n);
      const deletion = { epoch, writes: [{ key: key('terminal'), value: undefined, revision: first }], compares: [] };
      const later = await under.lead();

      expect(await kindOf(deletion)).toBe('fenced');
      expect(await kindOf({ ...deletion, epoch: later })).toBe('done');
      expect(await kindOf(deletion)).toBe('fenced');
    });

    test('a job is forgotten and the attempt floor raised in one transaction', async () => {
      const kinds = ['job', 'attempt', 'terminal'] as const;
      const revisions: bigint[] = [];
      for (const kind of kinds) {
        revisions.push(await put(kind, 'x', 0n));
      }
      const before = (await store.load(call)).find((record) => record.key.kind === 'attempt-floor')?.revision ?? 0n;
      const forgetting = {
        epoch,
        writes: [
          ...kinds.map((kind, i) => ({ key: key(kind), value: undefined, revision: revisions[i]! })),
          { key: { kind: 'attempt-floor' as const }, value: String(jobs), revision: before },
        ],
        compares: [],
      };

      const done = await store.transact(forgetting, call);
      expect(done.kind).toBe('done');
      expect(await store.transact(forgetting, call)).toStrictEqual(done);
      const left = (await store.load(call)).filter(({ value }) => value === 'x' || value === String(jobs));
      expect(left.map((record) => [record.key.kind, record.value])).toStrictEqual([['attempt-floor', String(jobs)]]);
    });

    test('a transaction that writes nothing proves the fence', async () => {
      const attempt = await put('attempt', 'one', 0n);
      const proof = { epoch, writes: [], compares: [{ key: key('attempt'), revision: attempt }] };

      expect(await kindOf(proof)).toBe('done');
      await put('attempt', 'two', attempt);
      expect(await kindOf(proof)).toBe('fenced');
      const bare = { epoch, writes: [], compares: [] };
      expect(await kindOf(bare)).toBe('done');
      await under.lead();
      expect(await kindOf(bare)).toBe('fenced');
    });

    test('loads in the order of the names, however many and large the values are', async () => {
      const names = Array.from({ length: 90 }, (_, i) => `many-${String((i * 37) % 90).padStart(2, '0')}`);
      const value = 'v'.repeat(100_000);
      for (const each of names) {
        const write = { key: { kind: 'job' as const, jobId: parseJobId(each) }, value, revision: 0n };
        expect(await kindOf({ epoch, writes: [write], compares: [] })).toBe('done');
      }

      const loaded = (await store.load(call)).filter((record) => record.value.length === value.length);
      const loadedNames = loaded.map((record) => (record.key.kind === 'job' ? record.key.jobId : ''));
      expect(loadedNames).toStrictEqual([...names].sort());
    });

    test('more than 1 MiB of values is refused, and nothing is written', async () => {
      const large = {
        epoch,
        writes: [{ key: key('job'), value: 'x'.repeat(1024 ** 2 + 1), revision: 0n }],
        compares: [],
      };

      const answer = await store.transact(large, call);
      expect(answer).toMatchObject({ kind: 'refused', failure: { code: 'job-store-transaction-too-large' } });
      expect(await held('job')).toBe(undefined);
      await put('job', 'x'.repeat(1024 ** 2), 0n);
    });

    test('of many transactions at once on one key exactly one is done', async () => {
      const racers = Array.from({ length: 20 }, async (_, i) => {
        const write = { key: key('pointer'), value: `racer ${i}`, revision: 0n };
        return await kindOf({ epoch, writes: [write], compares: [] });
      });

      const answers = await Promise.all(racers);
      expect(answers.filter((kind) => kind === 'done')).toHaveLength(1);
      expect(answers.filter((kind) => kind === 'fenced')).toHaveLength(19);
    });

    test('transactions at once on different keys are all done, at different revisions', async () => {
      const kinds = ['job', 'attempt', 'ids', 'pointer', 'marker', 'terminal'] as const;
      const revisions = await Promise.all(kinds.map(async (kind) => await put(kind, kind, 0n)));

      expect(new Set(revisions).size).toBe(kinds.length);
      expect(await Promise.all(kinds.map(held))).toStrictEqual([...kinds]);
    });

    test('a call whose signal has aborted ends: nothing is loaded, and of a write nothing is known', async () => {
      const ended: JobStoreCall = { deadlineMs: 10_000, signal: AbortSignal.abort() };
      const write = { key: key('pointer'), value: 'p', revision: 0n };

      await expect(store.load(ended)).rejects.toMatchObject({ name: 'AbortError' });
      expect((await store.transact({ epoch, writes: [write], compares: [] }, ended)).kind).toBe('ambiguous');
    });
  });
}
