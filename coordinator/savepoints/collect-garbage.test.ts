import { describe, expect, test } from 'vitest';
import { restoredFolder } from '../../shared/checkpoint/object-keys.ts';
import { parseAttemptNumber, parseCheckpointId, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { StoreFault } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import { factsOfUnknown } from '../api/job-facts.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { CollectDeps, CollectRequest } from './collect-garbage.ts';
import type { JobFacts } from './plan-garbage.ts';
import { call, storeCheckpoint } from './stored-checkpoint-testing.ts';

const { signal } = call;
const jobId = parseJobId('hl7');

describe('collecting garbage', () => {
  test('in everything deletes what no retained checkpoint needs, and says the same when run dry', async () => {
    const { store, facts } = await threeCheckpoints();
    await store.put('jobs/hl7/state/2/correlate/0/of-an-earlier-attempt', Buffer.from('x'), call);
    await store.put(`${restoredFolder(jobId, 'given-up')}/metadata`, Buffer.from('x'), call);
    await store.put('jobs/stranger/state/1/a/0/x', Buffer.from('x'), call);
    const before = await keysOf(store);

    const dry = await collect({ dryRun: true }, store, facts);
    expect(await keysOf(store)).toStrictEqual(before);
    const wet = await collect({}, store, facts);

    expect(dry).toStrictEqual(wet);
    expect(wet?.unknownJobs).toStrictEqual(['stranger']);
    expect(wet?.jobs[0]?.garbage.map(({ reason }) => reason).toSorted()).toStrictEqual([
      'attempt-over',
      'merged-away',
      'restore-over',
      'subsumed',
    ]);
    expect(before.length - (await keysOf(store)).length).toBe(4);
    expect((await collect({}, store, facts))?.jobs[0]?.garbage).toStrictEqual([]);
  });

  test('of subsumed checkpoints alone finds their objects without listing all state', async () => {
    const listed: string[] = [];
    const { store, facts } = await threeCheckpoints((operation, key) => {
      if (operation === 'list') {
        listed.push(key);
      }
      return 'none';
    });

    const done = await collect({ scope: 'subsumed' }, store, facts);

    expect(done?.jobs[0]?.garbage.map(({ reason }) => reason)).toStrictEqual(['merged-away', 'subsumed']);
    expect(listed).toStrictEqual(['jobs/hl7/checkpoints/']);
  });

  test('deletes nothing of a job one of whose roots cannot be read', async () => {
    const { store, facts } = await threeCheckpoints();
    const before = await keysOf(store);

    const done = await collect({}, store, {
      ...facts,
      roots: new Set([...facts.roots, 'jobs/hl7/checkpoints/4-9/metadata']),
    });

    expect(done?.jobs[0]).toMatchObject({ garbage: [], failure: { code: 'snapshot-metadata-missing' } });
    expect(await keysOf(store)).toStrictEqual(before);
  });

  test('deletes nothing when someone newer leads', async () => {
    const { store, facts } = await threeCheckpoints();
    const before = await keysOf(store);

    expect(await collect({}, store, facts, { leads: false })).toBeUndefined();
    expect(await keysOf(store)).toStrictEqual(before);
  });

  test('keeps the metadata until its objects are gone: what is left is found again', async () => {
    let fault: StoreFault = 'answer-lost';
    const { store, facts } = await threeCheckpoints((operation) => (operation === 'delete' ? fault : 'none'));

    const first = await collect({ scope: 'subsumed' }, store, facts);
    fault = 'none';
    const second = await collect({ scope: 'subsumed' }, store, facts);

    expect(first?.jobs[0]?.failure?.code).toBe('snapshot-store-ambiguous');
    expect(second?.jobs[0]).toMatchObject({ failure: undefined, garbage: first?.jobs[0]?.garbage });
    expect((await collect({ scope: 'subsumed' }, store, facts))?.jobs[0]?.garbage).toStrictEqual([]);
  });

  test('deletes the folders of jobs that no record speaks of when that is asked for, and nothing strange in them', async () => {
    const { store, facts } = await threeCheckpoints();
    await store.put('jobs/gone/state/7/a/0/x', Buffer.from('x'), call);
    await store.put('jobs/gone/checkpoints/2-9/metadata', Buffer.from('x'), call);
    await store.put('jobs/gone/notes', Buffer.from('x'), call);

    const done = await collect({ includeUnknown: true }, store, facts);

    expect(done?.unknownJobs).toStrictEqual([]);
    expect((await keysOf(store)).filter((key) => key.startsWith('jobs/gone/'))).toStrictEqual(['jobs/gone/notes']);
  });

  test('keeps what this leader is copying from', async () => {
    const { store, facts, oldest } = await threeCheckpoints();

    const done = await collect({}, store, facts, { copyingFrom: oldest });

    expect(done?.jobs[0]?.garbage).toStrictEqual([]);
  });
});

/** Three checkpoints of attempt 3, of which the last two are retained; the first names an object that no later one does. */
async function threeCheckpoints(
  fault: (operation: string, key: string) => StoreFault = () => 'none',
): Promise<{ store: MemorySnapshotStore; facts: JobFacts; oldest: string }> {
  const store = new MemorySnapshotStore({ fault });
  const first = await storeCheckpoint(store, ['a', 'b', 'c'], { checkpoint: parseCheckpointId(98n) });
  const second = await storeCheckpoint(store, ['a', 'b'], { checkpoint: parseCheckpointId(99n) });
  const third = await storeCheckpoint(store, ['a'], { checkpoint: parseCheckpointId(100n) });
  const facts: JobFacts = {
    jobId,
    hasEnded: false,
    currentAttempt: parseAttemptNumber(3),
    newestAttempt: parseAttemptNumber(3),
    lastCompleted: { checkpoint: parseCheckpointId(100n), attempt: parseAttemptNumber(3) },
    roots: new Set([second.metadataKey, third.metadataKey]),
  };
  return { store, facts, oldest: first.metadataKey };
}

async function collect(
  request: Partial<CollectRequest>,
  store: MemorySnapshotStore,
  facts: JobFacts,
  { leads = true, copyingFrom = '' } = {},
): ReturnType<typeof collectGarbage> {
  const deps: CollectDeps = {
    store,
    leaderEpoch: parseLeaderEpoch(4n),
    inUse: () => ({ lineages: new Set(), metadataKeys: new Set(copyingFrom === '' ? [] : [copyingFrom]) }),
    ledger: {
      confirmLeadership: async () => await Promise.resolve(leads),
      facts: () => [facts],
      factsOfUnknown,
    },
    callMs: 1_000,
  };
  return await collectGarbage(
    { scope: 'everything', jobId: undefined, includeUnknown: false, dryRun: false, ...request },
    deps,
    signal,
  );
}

async function keysOf(store: MemorySnapshotStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('', call)) {
    keys.push(key);
  }
  return keys;
}
