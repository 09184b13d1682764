import { describe, expect, test } from 'vitest';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { Clock } from '../../shared/clock/clock.ts';
import { parseCheckpointId, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { JobStore, RecordKey } from '../job-store/job-store.ts';
import { MemoryJobStore } from '../job-store/memory-job-store.ts';
import { UnreliableJobStore } from '../job-store/unreliable-job-store-testing.ts';
import { RecordWriter } from './record-writer.ts';

const { signal } = new AbortController();
const jobId = parseJobId('j');
const job: RecordKey = { kind: 'job', jobId };
const attempt: RecordKey = { kind: 'attempt', jobId };

describe('the writer of records', () => {
  test('writes all changes of a step at one revision, the last of each key', async () => {
    const store = new MemoryJobStore();
    const revision = await writerOf(store).write(
      [
        { key: job, value: 'one' },
        { key: attempt, value: 'a' },
        { key: job, value: 'two' },
      ],
      signal,
    );

    expect(store.records).toStrictEqual([
      { key: attempt, value: 'a', revision },
      { key: job, value: 'two', revision },
    ]);
  });

  test('replaces and deletes what it knows, and does not delete what is not there', async () => {
    const store = new MemoryJobStore();
    const writer = writerOf(store);
    await writer.write([{ key: job, value: 'one' }], signal);
    await writer.write([{ key: job, value: 'two' }], signal);
    await writer.write(
      [
        { key: job, value: undefined },
        { key: attempt, value: undefined },
      ],
      signal,
    );

    expect(store.records).toStrictEqual([]);
  });

  test('goes on from what a former leader has left', async () => {
    const store = new MemoryJobStore();
    await writerOf(store).write([{ key: job, value: 'one' }], signal);
    const next = writerOf(store, 2n);
    next.know(store.records);
    await next.write([{ key: job, value: 'two' }], signal);

    expect(store.records.map(({ value }) => value)).toStrictEqual(['two']);
  });

  test('is fenced when another leader has written', async () => {
    const store = new MemoryJobStore();
    const old = writerOf(store);
    await old.write([{ key: job, value: 'one' }], signal);
    store.raise(parseLeaderEpoch(2n));

    await expect(old.write([{ key: job, value: 'two' }], signal)).rejects.toMatchObject({
      failure: { code: 'coordinator-fenced', reaction: 'stop-quietly' },
    });
  });

  test('writes a pointer only while the record of its attempt is the one that it names', async () => {
    const store = new MemoryJobStore();
    const writer = writerOf(store);
    const attemptRevision = await writer.write([{ key: attempt, value: 'current' }], signal);
    const put = {
      kind: 'put-record',
      record: { kind: 'ids', reservedTo: parseCheckpointId(9n) },
      expectedRevision: 0n,
      leaderEpoch: parseLeaderEpoch(1n),
      attemptRevision,
    } as const;
    await writer.write([{ key: attempt, value: 'condemned' }], signal);

    expect(await writer.tryWrite(jobId, put, signal)).toStrictEqual({ kind: 'fenced' });
    expect(await writer.tryWrite(jobId, { ...put, attemptRevision: undefined }, signal)).toMatchObject({
      kind: 'done',
    });
  });

  test('ends the process rather than go on without what can never be stored', async () => {
    const huge = 'x'.repeat(2 * 1024 ** 2);

    await expect(writerOf(new MemoryJobStore()).write([{ key: job, value: huge }], signal)).rejects.toMatchObject({
      failure: { reaction: 'fail-job' },
    });
  });

  test('gives up waiting when the process ends', async () => {
    const lost = new UnreliableJobStore(new MemoryJobStore(), seededRandom(1), {
      answerLost: 0,
      requestLost: 1,
      late: 0,
    });
    const ending = new AbortController();
    const writing = writerOf(lost, 1n, nodeClock).write([{ key: job, value: 'one' }], ending.signal);
    ending.abort();

    await expect(writing).rejects.toThrow('abort');
  });

  test.each(Array.from({ length: 50 }, (_, i) => i))(
    'over a store that loses and delays holds in the end what was written last (seed %i)',
    async (seed) => {
      const store = new MemoryJobStore();
      const random = seededRandom(seed);
      const unreliable = new UnreliableJobStore(store, random, { answerLost: 0.2, requestLost: 0.2, late: 0.2 });
      const writer = writerOf(unreliable);
      const last = new Map<string, string>();
      for (let i = 0; i < 40; i += 1) {
        const key = random.below(2) === 0 ? job : attempt;
        await writer.write([{ key, value: `${i}` }], signal);
        last.set(key.kind, `${i}`);
      }

      expect(new Map(store.records.map(({ key, value }) => [key.kind, value]))).toStrictEqual(
        new Map([...last].sort()),
      );
    },
  );
});

function writerOf(store: JobStore, epoch = 1n, clock: Clock = hastyClock): RecordWriter {
  return new RecordWriter({ store, epoch: parseLeaderEpoch(epoch), clock, logger: silentLogger });
}

/** Nobody has to wait for time to pass. */
const hastyClock: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  sleep: async () => {
    await Promise.resolve();
  },
};
