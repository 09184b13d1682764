import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metadataKey, restoredFolder } from '../../shared/checkpoint/object-keys.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { parseAttemptNumber, parseCheckpointId, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import { ModelledJob } from './modelled-job-testing.ts';
import type { PausedSweep } from './modelled-job-testing.ts';
import { ownerOf } from './object-owner.ts';
import { planGarbage } from './plan-garbage.ts';
import type { JobFacts } from './plan-garbage.ts';
import { metadataOf, segmentOf } from './stored-checkpoint-testing.ts';

const jobId = parseJobId('hl7');
const epoch = parseLeaderEpoch(4n);
const context = { leaderEpoch: epoch, lineagesInUse: new Set<string>() };

describe('garbage', () => {
  test('never is what anything can still name, however long a sweeper pauses, and all of the rest once the job has ended', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(fc.tuple(fc.nat({ max: ACTIONS.length - 1 }), fc.nat({ max: 7 })), { minLength: 20, maxLength: 160 }),
        (fromSavepoint, actions) => {
          const job = new ModelledJob(fromSavepoint);
          const sweeps: PausedSweep[] = [];
          for (const [action, choice] of actions) {
            ACTIONS[action]?.(job, choice, sweeps);
            expect([...job.needed()].filter((key) => !job.stored.has(key))).toStrictEqual([]);
          }

          job.endJob();
          job.pins = [];
          const last = job.beginSweep(true);
          job.planSweep(last);
          runSweep(job, last);

          expect([...job.stored].sort()).toStrictEqual([...job.needed()].sort());
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('goes in an order in which what remembers it goes last', () => {
    const old = storedAt(90n, ['a', 'b']);
    const last = storedAt(100n, ['b', 'c']);

    const { garbage } = planGarbage(
      facts({ roots: [last.key] }),
      { references: new Map([old, last].map(({ key, references }) => [key, references])), listed: undefined },
      context,
    );

    expect(garbage).toStrictEqual([
      { key: stateKey('a'), bytes: 1, reason: 'merged-away' },
      { key: old.key, bytes: 0, reason: 'subsumed' },
    ]);
  });

  test('is not what no checkpoint has named yet, as long as its attempt runs', () => {
    const last = storedAt(100n, ['a']);
    const listed = ['a', 'delta-of-an-aborted-one'].map((name) => ({ key: stateKey(name), bytes: 5 }));
    const found = { references: new Map([[last.key, last.references]]), listed };

    const running = planGarbage(facts({ roots: [last.key] }), found, context);
    const over = planGarbage(facts({ roots: [last.key], currentAttempt: undefined }), found, context);

    expect(running).toStrictEqual({ garbage: [], kept: [listed[1]] });
    expect(over.garbage).toStrictEqual([{ ...listed[1], reason: 'attempt-over' }]);
  });

  test('is not what a newer attempt or leader wrote, what is being copied, or what it cannot place', () => {
    const keys = [
      `jobs/hl7/state/9/correlate/0/x`,
      metadataKey({ jobId, leaderEpoch: parseLeaderEpoch(5n) }, parseCheckpointId(90n)),
      `${restoredFolder(jobId, 'next')}/metadata`,
      'jobs/hl7/notes/readme',
      'jobs/hl7/state/zero/x',
      'jobs/hl7/checkpoints/4-101/other',
      'jobs/other/state/1/correlate/0/x',
      'artifacts/abc',
    ];

    const plan = planGarbage(
      facts({ roots: [] }),
      { references: new Map(), listed: keys.map((key) => ({ key, bytes: 1 })) },
      { ...context, lineagesInUse: new Set(['next']) },
    );

    expect(plan.garbage).toStrictEqual([]);
    expect(plan.kept.map(({ key }) => key)).toStrictEqual(keys);
  });

  test('are restores that nothing begins from any more, and what former leaders left half done', () => {
    const keys = [
      `${restoredFolder(jobId, 'given-up')}/metadata`,
      `${restoredFolder(jobId, 'given-up')}/objects/1`,
      metadataKey({ jobId, leaderEpoch: parseLeaderEpoch(3n) }, parseCheckpointId(120n)),
    ];

    const { garbage } = planGarbage(
      facts({ roots: [] }),
      { references: new Map(), listed: keys.map((key) => ({ key, bytes: 1 })) },
      context,
    );

    expect(garbage.map(({ key, reason }) => [key, reason])).toStrictEqual([
      [keys[1], 'restore-over'],
      [keys[0], 'restore-over'],
      [keys[2], 'former-leader'],
    ]);
  });
});

test('keys of objects tell whose they are', () => {
  expect(ownerOf('jobs/a/state/12/uid/0/x')).toStrictEqual({ kind: 'state', jobId: 'a', attempt: 12 });
  expect(ownerOf('jobs/a/restored/l/objects/x')).toMatchObject({ kind: 'restored', lineage: 'l', isMetadata: false });
  expect(ownerOf('jobs/a/checkpoints/3-17/metadata')).toMatchObject({
    kind: 'metadata',
    leaderEpoch: 3n,
    checkpoint: 17n,
  });
  expect(ownerOf('jobs/a/checkpoints/3-17/x')).toMatchObject({ kind: 'strange' });
  expect(ownerOf('jobs/a')).toStrictEqual({ kind: 'foreign' });
  expect(ownerOf('artifacts/abc')).toStrictEqual({ kind: 'foreign' });
});

type Action = (job: ModelledJob, choice: number, sweeps: PausedSweep[]) => void;

const ACTIONS: readonly Action[] = [
  (job, choice) => job.write(choice % 2, choice === 7),
  (job, choice) => job.write(choice % 2, false),
  (job) => job.trigger(),
  (job) => job.trigger(),
  (job, choice) => job.acknowledge(choice % 2),
  (job, choice) => job.acknowledge(choice % 2),
  (job) => {
    job.acknowledge(0);
    job.acknowledge(1);
    job.writeMetadata();
  },
  (job) => job.writeMetadata(),
  (job, choice) => job.complete(choice > 4),
  (job, choice) => job.complete(choice > 4),
  (job) => {
    job.trigger();
    job.acknowledge(0);
    job.acknowledge(1);
    job.writeMetadata();
    job.complete(false);
  },
  (job) => job.abort(),
  (job, choice) => job.beginMerge(choice % 2),
  (job, choice) => job.endMerge(choice % 2),
  (job) => job.savepointCopied(),
  (job, choice) => (choice < 3 ? job.beginAttempt() : undefined),
  (job, choice) => (choice < 2 ? job.endAttempt() : undefined),
  (job, choice) => (choice < 3 ? job.changeLeader() : undefined),
  (job, choice) => job.zombieWrites(choice),
  (job, choice, sweeps) => sweeps.push(job.beginSweep(choice % 2 === 0)),
  (job, _, sweeps) => sweeps.forEach((sweep) => (sweep.plan === undefined ? job.planSweep(sweep) : undefined)),
  (job, choice, sweeps) => {
    const sweep = sweeps[choice % Math.max(1, sweeps.length)];
    if (sweep !== undefined) {
      runSweep(job, sweep);
    }
  },
];

function runSweep(job: ModelledJob, { plan }: PausedSweep): void {
  plan?.garbage.forEach(({ key }) => job.stored.delete(key));
}

function facts(change: {
  readonly roots: readonly string[];
  readonly currentAttempt?: JobFacts['currentAttempt'];
}): JobFacts {
  return {
    jobId,
    hasEnded: false,
    currentAttempt: parseAttemptNumber(3),
    newestAttempt: parseAttemptNumber(3),
    lastCompleted: { checkpoint: parseCheckpointId(100n), attempt: parseAttemptNumber(3) },
    ...change,
    roots: new Set(change.roots),
  };
}

function storedAt(
  checkpoint: bigint,
  names: readonly string[],
): { key: string; references: ReturnType<typeof referencedObjects> } {
  const segments = names.map((name) => ({
    ...segmentOf('x', 0),
    location: { kind: 'object' as const, key: stateKey(name) },
  }));
  const metadata = { ...metadataOf(segments), checkpoint: parseCheckpointId(checkpoint) };
  return { key: metadataKey(metadata, metadata.checkpoint), references: referencedObjects(metadata) };
}

function stateKey(name: string): string {
  return `jobs/hl7/state/3/correlate/0/${name}`;
}
