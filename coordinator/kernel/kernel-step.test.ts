import { describe, expect, test } from 'vitest';
import type { SplitSnapshot, SplitState } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseSplitId,
  parseSubtaskIndex,
  parseVertexId,
} from '../../shared/ids.ts';
import type { AgedCommittable } from '../../shared/control/acknowledgement.ts';
import type { AttemptKey } from '../../shared/control/messages.ts';
import { required } from '../../shared/invariant.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { DEFAULT_CHECKPOINT_SETTINGS } from '../checkpoints/checkpoint-settings.ts';
import { pointerOf } from '../jobs/job-checkpoints.ts';
import { parseConnectionId } from '../membership/ids.ts';
import { KernelDriver, SINK as sink, specOf, vertexOf } from './kernel-testing.ts';

const vertex = parseVertexId('v');
const j = parseJobId('j');
const restart: Failure = { code: 'broker-away', reaction: 'restart-job', message: 'the broker is away' };
const unreachable: Failure = { code: 'exchange-peer-unreachable', reaction: 'restart-job', message: 'no stream' };
const fatal: Failure = { code: 'no-topic', reaction: 'fail-job', message: 'there is no topic' };
const transient: Failure = { code: 'slow', reaction: 'retry', message: 'slow' };

describe('starting', () => {
  test('a job waits with a reason until there are slots for all of it, then is stored and deployed', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.submit(specOf('j'));
    const waiting = kernel.job('j');
    kernel.join(2, 1);

    expect(waiting).toMatchObject({ kind: 'waiting-for-slots', reason: 'needs 2 slots, 1 free on 1 task manager' });
    expect(kernel.job('j').kind).toBe('deploying');
    expect(kernel.deployments().map(({ slots }) => slots.map(({ taskManager }) => taskManager))).toStrictEqual([
      ['tm-1', 'tm-2'],
      ['tm-1', 'tm-2'],
    ]);
    expect(kernel.invariants.stored.get('j')).toMatchObject({ state: 'deploying', lastAttempt: 1 });
  });

  test('a job with too few slots does not hold up a smaller one behind it', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.submit(specOf('large'));
    kernel.submit(specOf('small', { slotsNeeded: 1, vertices: [vertexOf(1)] }));

    expect([kernel.job('large').kind, kernel.job('small').kind]).toStrictEqual(['waiting-for-slots', 'deploying']);
  });

  test('nothing starts, and nothing is discovered, before every subtask is ready', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.submit(specOf('j'));
    kernel.report('j', 0, 'ready');
    const early = kernel.sent.length;
    kernel.report('j', 1, 'ready');

    expect(kernel.sent.slice(0, early).some(({ kind }) => kind === 'discover')).toBe(false);
    expect(kernel.messages('start')).toHaveLength(1);
    expect(kernel.sent).toContainEqual({ kind: 'discover', jobId: j, vertex, known: new Set() });
  });

  test('a reader that asks for a split while it opens gets it when there is one', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.submit(specOf('j', { source: { assignment: 'on-request' } }));
    kernel.apply({
      kind: 'split-request',
      connection: parseConnectionId(1),
      ...kernel.key('j'),
      vertex,
      subtask: parseSubtaskIndex(1),
    });
    kernel.reportAll('j', 'ready');
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a'), isComplete: true } });

    expect(kernel.messages('assign-splits')).toMatchObject([{ subtask: 1, assignment: 1, splits: splits('a') }]);
  });

  test('a subtask that is never ready costs the attempt, and is named', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.submit(specOf('j'));
    kernel.report('j', 0, 'ready');
    kernel.tick(300_000);

    expect(kernel.job('j')).toMatchObject({ kind: 'restarting' });
    expect(kernel.job('j').failures[0]).toMatchObject({
      where: 'v[1] on tm-1',
      failure: { code: 'deployment-timeout' },
    });
  });
});

describe('a failure', () => {
  test('cancels the attempt everywhere, and the next one waits until it has ended', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.join(2, 1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    const cancelled = kernel.messages('cancel').length;
    kernel.end('j', 1);
    const between = kernel.job('j').kind;
    kernel.end('j', 2);

    expect(cancelled).toBe(2);
    expect(between).toBe('restarting');
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2, restarts: { total: 1 } });
    expect(kernel.job('j').failures).toMatchObject([{ attempt: 1, where: 'v[0] on tm-1', failure: restart }]);
  });

  test('of a whole burst is one restart, and the first cause is what is kept', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.report('j', 1, 'failed', { failure: { ...restart, code: 'peer-gone' } });

    expect(kernel.job('j').restarts.total).toBe(1);
    expect(kernel.job('j').failures.map(({ failure }) => failure.code)).toStrictEqual(['broker-away']);
  });

  test('that no restart helps ends the job, also while it restarts', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.report('j', 1, 'failed', { failure: fatal });
    const failing = kernel.job('j').kind;
    kernel.end('j', 1);

    expect(failing).toBe('failing');
    expect(kernel.job('j').kind).toBe('failed');
    expect(kernel.invariants.stored.get('j')?.state).toBe('failed');
    expect(kernel.sent.at(-1)).toStrictEqual({ kind: 'close-job', jobId: j });
  });

  test('of a task manager as a whole is recorded with its name', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.submit(specOf('j'));
    kernel.apply({ kind: 'attempt-failed', connection: parseConnectionId(1), ...kernel.key('j'), failure: fatal });

    expect(kernel.job('j')).toMatchObject({ kind: 'failing', failures: [{ where: 'tm-1', failure: fatal }] });
  });

  test('of a connection restarts the job on what is left, at once', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.join(2, 1);
    kernel.join(3, 1);
    kernel.run(specOf('j'));
    kernel.leave(1);
    kernel.end('j', 2);

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    // Slot 1 keeps its place; only the lost one moves.
    expect(
      kernel
        .deployments()
        .at(-1)
        ?.slots.map(({ taskManager }) => taskManager),
    ).toStrictEqual(['tm-3', 'tm-2']);
  });

  test('of task managers to reach each other moves the job to others; once it runs they are as good as any', () => {
    const kernel = new KernelDriver();
    [1, 2, 3].forEach((each) => {
      kernel.join(each, 1);
    });
    kernel.submit(specOf('j'));
    const places = (): unknown => kernel.job('j').previousPlaces.map(({ taskManager }) => taskManager);
    const first = places();
    kernel.apply({
      kind: 'attempt-failed',
      connection: parseConnectionId(1),
      ...kernel.key('j'),
      failure: unreachable,
    });
    kernel.end('j', 1);
    kernel.end('j', 2);
    const suspects = kernel.job('j').suspects;
    kernel.reportAll('j', 'ready');

    expect(first).toStrictEqual(['tm-1', 'tm-2']);
    expect([...suspects]).toStrictEqual([
      ['tm-1', 1],
      ['tm-2', 1],
    ]);
    expect(places()).toStrictEqual(['tm-3', 'tm-2']);
    expect(kernel.job('j')).toMatchObject({ kind: 'running', suspects: new Map() });
  });

  test('of a task manager that does not end an attempt in time is that of the task manager', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.join(2, 1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    kernel.tick(30_000);

    expect(kernel.state.membership.members.size).toBe(1);
    expect(kernel.sent).toContainEqual({ kind: 'close-connection', connection: 2 });
    expect(kernel.job('j')).toMatchObject({ kind: 'waiting-for-slots' });
  });

  test('again and again delays the next restart more and more', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.submit(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    const early = kernel.job('j').kind;
    kernel.tick(1_100);

    expect(early).toBe('restarting');
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 3 });
  });

  test('without a restart strategy fails the job and says so', () => {
    const kernel = new KernelDriver({ restart: { kind: 'none' } });
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);

    expect(kernel.job('j').kind).toBe('failed');
    expect(kernel.job('j').failures.map(({ failure }) => failure.code)).toStrictEqual([
      'broker-away',
      'restart-limit-reached',
    ]);
  });

  test('of one job leaves another untouched', () => {
    const kernel = new KernelDriver({ checkpoints: { ...DEFAULT_CHECKPOINT_SETTINGS, timeoutMs: 3_600_000 } });
    kernel.join(1);
    kernel.join(2);
    kernel.run(specOf('good'));
    kernel.submit(specOf('bad'));
    const good = kernel.job('good');
    for (let i = 0; i < 5; i += 1) {
      kernel.report('bad', 0, 'failed', { failure: restart });
      kernel.end('bad', 1);
      kernel.end('bad', 2);
      kernel.tick(60_000);
    }

    expect(kernel.job('bad').restarts.total).toBe(5);
    expect({ ...kernel.job('good'), sources: 0 }).toStrictEqual({ ...good, sources: 0 });
  });
});

describe('words about another attempt, or by another task manager, change nothing', () => {
  test.each([
    [
      'a report',
      (kernel: KernelDriver, key: AttemptKey): void => {
        const report = {
          ...key,
          vertex,
          subtask: parseSubtaskIndex(0),
          state: 'failed',
          failure: fatal,
          metrics: [],
        } as const;
        kernel.apply({ kind: 'task-report', connection: parseConnectionId(1), report });
      },
    ],
    [
      'an end',
      (kernel: KernelDriver, key: AttemptKey): void => {
        kernel.end('j', 1, key);
      },
    ],
    [
      'a failed attempt',
      (kernel: KernelDriver, key: AttemptKey): void => {
        kernel.apply({ kind: 'attempt-failed', connection: parseConnectionId(1), ...key, failure: fatal });
      },
    ],
    [
      'a request',
      (kernel: KernelDriver, key: AttemptKey): void => {
        kernel.apply({
          kind: 'split-request',
          connection: parseConnectionId(1),
          ...key,
          vertex,
          subtask: parseSubtaskIndex(0),
        });
      },
    ],
  ])('%s', (_, say) => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.join(9);
    kernel.submit(specOf('j', { source: { assignment: 'on-request' } }));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    kernel.end('j', 9);
    const before = kernel.job('j');

    say(kernel, { jobId: j, attempt: parseAttemptNumber(1) });
    say(kernel, { jobId: j, attempt: parseAttemptNumber(3) });
    say(kernel, { jobId: parseJobId('unknown'), attempt: parseAttemptNumber(2) });

    expect(before).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    expect(kernel.job('j')).toBe(before);
  });

  test('a report that takes a subtask back', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'running');
    const before = kernel.job('j');
    kernel.report('j', 0, 'ready');

    expect(kernel.job('j')).toBe(before);
  });

  test('a report of a subtask that runs elsewhere, or that does not exist', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.join(2, 1);
    kernel.submit(specOf('j'));
    const before = kernel.job('j');
    const report = {
      ...kernel.key('j'),
      vertex,
      state: 'failed',
      failure: fatal,
      metrics: [],
    } as const;
    kernel.apply({
      kind: 'task-report',
      connection: parseConnectionId(1),
      report: { ...report, subtask: parseSubtaskIndex(1) },
    });
    kernel.apply({
      kind: 'task-report',
      connection: parseConnectionId(1),
      report: { ...report, subtask: parseSubtaskIndex(7) },
    });
    kernel.apply({
      kind: 'task-report',
      connection: parseConnectionId(5),
      report: { ...report, subtask: parseSubtaskIndex(0) },
    });

    expect(kernel.job('j')).toBe(before);
  });
});

describe('splits', () => {
  test('are stored at their start positions before they are assigned, and a restart begins there without a new look', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a', 'b'), isComplete: true } });
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    kernel.reportAll('j', 'ready');

    expect(kernel.invariants.stored.get('j')?.sources).toStrictEqual([
      { vertex, splits: splits('a', 'b'), finished: new Set(), isComplete: true },
    ]);
    expect(
      kernel.messages('assign-splits').map(({ attempt, subtask, splits: given }) => [attempt, subtask, given[0]?.id]),
    ).toStrictEqual([
      [1, 0, 'a'],
      [1, 1, 'b'],
      [2, 0, 'a'],
      [2, 1, 'b'],
    ]);
    expect(kernel.sent.filter(({ kind }) => kind === 'discover')).toHaveLength(1);
  });

  test('that are found while the job restarts are given to the next attempt', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a'), isComplete: true } });
    kernel.end('j', 1);
    kernel.reportAll('j', 'ready');

    expect(kernel.messages('assign-splits').map(({ attempt }) => attempt)).toStrictEqual([2, 2]);
  });

  test('are looked for again after the interval; what is known already is not found again', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j', { source: { discoveryIntervalMs: 5_000 } }));
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a'), isComplete: false } });
    kernel.tick(4_999);
    const early = kernel.sent.filter(({ kind }) => kind === 'discover').length;
    kernel.tick(1);
    kernel.apply({
      kind: 'discovered',
      jobId: j,
      vertex,
      discovery: { splits: splits('a', 'b', 'b'), isComplete: false },
    });

    expect(early).toBe(1);
    expect(kernel.sent.filter((effect) => effect.kind === 'discover').at(-1)).toMatchObject({ known: new Set(['a']) });
    expect(kernel.messages('assign-splits').flatMap(({ splits: given }) => given.map(({ id }) => id))).toStrictEqual([
      'a',
      'b',
    ]);
  });

  test('that cannot be looked for now are looked for again, and the first look costs the attempt in the end', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    for (let i = 0; i < 4; i += 1) {
      kernel.apply({ kind: 'discovery-failed', jobId: j, vertex, failure: transient });
      kernel.tick(i < 3 ? 2_000 : 0);
    }

    expect(kernel.sent.filter(({ kind }) => kind === 'discover')).toHaveLength(4);
    expect(kernel.job('j')).toMatchObject({
      kind: 'restarting',
      failures: [{ where: 'discovery of v', failure: transient }],
    });
  });

  test('that are too many for the records of a job fail it, and are not stored', () => {
    const kernel = running();
    const many = splits(...Array.from({ length: 10_000 }, (_, i) => `a/long/name/of/a/file/in/a/folder/${i}`));
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: many, isComplete: true } });

    expect(kernel.job('j')).toMatchObject({ kind: 'failing', failures: [{ failure: { code: 'too-many-splits' } }] });
    expect(kernel.invariants.stored.get('j')?.sources[0]?.splits).toStrictEqual([]);
  });

  test('that can never be found fail the job at once', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.apply({ kind: 'discovery-failed', jobId: j, vertex, failure: fatal });

    expect(kernel.job('j').kind).toBe('failing');
  });
});

describe('the end of a bounded job', () => {
  test('comes when every subtask has finished, which each does behind a checkpoint, and the attempt has ended', () => {
    const kernel = running();
    kernel.reportAll('j', 'finished');
    const before = kernel.job('j').kind;
    kernel.end('j', 1);

    expect([before, kernel.job('j').kind]).toStrictEqual(['finishing', 'finished']);
    expect(kernel.invariants.stored.get('j')).toMatchObject({ state: 'finished' });
  });

  test('is not stopped by the loss of a task manager, nor by a cancel', () => {
    const kernel = running();
    kernel.reportAll('j', 'finished');
    kernel.apply({ kind: 'cancel', jobId: j });
    kernel.leave(1);

    expect(kernel.job('j').kind).toBe('finished');
  });
});

describe('checkpoints', () => {
  test('begin when the job runs, and what a sink has prepared is committed behind the pointer', () => {
    const kernel = running();
    kernel.answers = { ...kernel.answers, commits: false };
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint, { committables: [prepared(checkpoint)] });
    const commit = kernel.sent.find(({ kind }) => kind === 'commit');
    const before = kernel.messages('checkpoint-completed').length;
    kernel.apply({ kind: 'committed', jobId: j, checkpoint, sink, tries: 1 });

    expect(commit).toStrictEqual({ kind: 'commit', jobId: j, checkpoint, sink, tries: 1, committables: ['part'] });
    expect([before, kernel.messages('checkpoint-completed').length]).toStrictEqual([0, 1]);
    expect(kernel.job('j').checkpoints.stats).toMatchObject({ completed: 1, failed: 0, last: { checkpoint } });
  });

  test('a commit that fails is repeated, and is shown while it does', () => {
    const kernel = running();
    kernel.answers = { ...kernel.answers, commits: false };
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint, { committables: [prepared(checkpoint)] });
    kernel.apply({ kind: 'commit-failed', jobId: j, checkpoint, sink, tries: 1, failure: transient });
    kernel.tick(100);
    kernel.apply({ kind: 'committed', jobId: j, checkpoint, sink, tries: 2 });

    expect(kernel.job('j').failures).toMatchObject([{ where: 'commit of out', failure: transient }]);
    expect(kernel.messages('checkpoint-completed')).toMatchObject([{ checkpoint }]);
  });

  test('output that is lost fails the job loudly, whatever it was doing', () => {
    const kernel = running();
    kernel.answers = { ...kernel.answers, commits: false };
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint, { committables: [prepared(checkpoint)] });
    kernel.apply({ kind: 'cancel', jobId: j });
    kernel.apply({ kind: 'commit-failed', jobId: j, checkpoint, sink, tries: 1, failure: fatal });
    const failing = kernel.job('j').kind;
    kernel.end('j', 1);

    expect([failing, kernel.job('j').kind]).toStrictEqual(['failing', 'failed']);
    expect(kernel.job('j').failures).toMatchObject([{ where: 'commit of out', failure: fatal }]);
  });

  test('one that fails is noted with its sentence, and one too many restarts the job', () => {
    const kernel = new KernelDriver({ checkpoints: { ...DEFAULT_CHECKPOINT_SETTINGS, tolerableFailures: 0 } });
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.apply({
      kind: 'decline-checkpoint',
      connection: kernel.connectionOf(1),
      ...kernel.key('j'),
      checkpoint: kernel.triggered(),
      subtask: { vertex, subtask: parseSubtaskIndex(1) },
      cause: 'failed',
      detail: 'could not store its state (minio-timeout)',
    });

    expect(kernel.sent.find(({ kind }) => kind === 'note-failed')).toMatchObject({
      stats: { sentence: 'Checkpoint 1 failed after 0 ms (declined): v#1 could not store its state (minio-timeout).' },
    });
    expect(kernel.job('j')).toMatchObject({ kind: 'restarting', failures: [{ where: 'checkpoints' }] });
  });

  test('of another attempt, or said by another task manager, change nothing', () => {
    const kernel = running();
    const before = kernel.job('j');
    const ack = { checkpoint: kernel.triggered(), subtasks: [] };
    const attempt = parseAttemptNumber(7);
    kernel.apply({ kind: 'acknowledge-checkpoint', connection: kernel.connectionOf(1), jobId: j, attempt, ack });
    kernel.apply({ kind: 'acknowledge-checkpoint', connection: parseConnectionId(99), ...kernel.key('j'), ack });

    expect(kernel.job('j')).toBe(before);
  });
});

describe('an attempt that ends', () => {
  test('is condemned and abandoned before the next is deployed, which begins with the last checkpoint', () => {
    const kernel = running();
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint);
    kernel.answers = { ...kernel.answers, abandons: false };
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    const waiting = kernel.job('j').kind;
    const asked = kernel.sent.filter(({ kind }) => kind === 'abandon');
    kernel.apply({ kind: 'abandoned', jobId: j, attempt: parseAttemptNumber(1), sink, tries: 1 });

    expect(asked).toStrictEqual([
      { kind: 'abandon', jobId: j, sink, tries: 1, attempt: { attempt: 1, parallelism: 2, transactionPool: 6 } },
    ]);
    expect([waiting, kernel.job('j').kind]).toStrictEqual(['restarting', 'deploying']);
    expect(kernel.deployments().map(({ checkpointing }) => checkpointing.restore?.checkpoint)).toStrictEqual([
      undefined,
      checkpoint,
    ]);
  });

  test('is abandoned again and again until its sinks have done it', () => {
    const kernel = running();
    kernel.answers = { ...kernel.answers, abandons: false };
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    kernel.apply({
      kind: 'abandon-failed',
      jobId: j,
      attempt: parseAttemptNumber(1),
      sink,
      tries: 1,
      failure: transient,
    });
    kernel.tick(50);
    kernel.apply({ kind: 'abandoned', jobId: j, attempt: parseAttemptNumber(1), sink, tries: 2 });

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    expect(kernel.job('j').failures.map(({ where }) => where)).toStrictEqual(['v[0] on tm-1', 'abandoning']);
  });

  test('first finishes the commits that have begun', () => {
    const kernel = running();
    kernel.answers = { ...kernel.answers, commits: false };
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint, { committables: [prepared(checkpoint)] });
    kernel.leave(1);
    kernel.join(1);
    const before = [kernel.job('j').kind, kernel.sent.some(({ kind }) => kind === 'abandon')];
    kernel.apply({ kind: 'committed', jobId: j, checkpoint, sink, tries: 1 });

    expect(before).toStrictEqual(['restarting', false]);
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    expect(kernel.deployments().at(-1)?.checkpointing.restore?.checkpoint).toBe(checkpoint);
  });

  test('with its job holds the end up only so long', () => {
    const kernel = running();
    kernel.answers = { ...kernel.answers, abandons: false };
    kernel.apply({ kind: 'cancel', jobId: j });
    kernel.end('j', 1);
    const before = kernel.job('j').kind;
    kernel.tick(30_000);

    expect([before, kernel.job('j').kind]).toStrictEqual(['cancelling', 'cancelled']);
    expect(kernel.job('j').attempts.condemned.map(({ number }) => number)).toStrictEqual([1]);
  });

  test('before it was deployed anywhere gives its slots back at once', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.join(2, 1);
    kernel.records.hold();
    kernel.submit(specOf('j'));
    kernel.leave(2);
    kernel.records.release().forEach((late) => kernel.apply(late));
    kernel.join(3, 1);

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    expect(kernel.deployments().map(({ attempt }) => attempt)).toStrictEqual([2, 2]);
  });
});

describe('a restored attempt', () => {
  test('reads what is not finished, from where the checkpoint has it; what was found later, from its start', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j', { source: { discoveryIntervalMs: 1_000 } }));
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a', 'b'), isComplete: false } });
    const read = [
      { id: parseSplitId('a'), position: '10', isFinished: false },
      { id: parseSplitId('b'), position: 'end', isFinished: true },
    ];
    kernel.acknowledge('j', kernel.triggered(), { splits: read });
    kernel.tick(1_000);
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('c'), isComplete: true } });
    kernel.end('j', 1);
    kernel.reportAll('j', 'ready');

    const given = kernel.messages('assign-splits').filter(({ attempt }) => attempt === 2);
    expect(given.flatMap((message) => message.splits)).toStrictEqual([
      { id: 'a', position: '10' },
      { id: 'c', position: 'start of c' },
    ]);
  });
});

describe('a savepoint', () => {
  test('is answered when its copy is there', () => {
    const kernel = running();
    kernel.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'go-on' });
    kernel.acknowledge('j', kernel.triggered());
    kernel.acknowledge('j', kernel.triggered());
    const copy = kernel.sent.find((effect) => effect.kind === 'copy-savepoint');
    const checkpoint = kernel.triggered();
    kernel.apply({ kind: 'savepoint-copied', jobId: j, checkpoint, directory: 'd', path: 'd/x', failure: undefined });

    expect(copy).toMatchObject({ jobId: 'j', pin: { directory: 'd', checkpoint } });
    expect(kernel.sent.at(-1)).toStrictEqual({
      kind: 'answer-savepoint',
      request: 4,
      answer: { kind: 'done', checkpoint, directory: 'd/x' },
    });
  });

  test('of a job that does not run is refused at once', () => {
    const kernel = new KernelDriver();
    kernel.submit(specOf('j'));
    kernel.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'go-on' });

    expect(kernel.sent.at(-1)).toMatchObject({ kind: 'answer-savepoint', answer: { kind: 'failed' } });
  });

  test('with which the job stops ends it behind its terminal record, and its copy is answered after the end', () => {
    const kernel = running();
    kernel.acknowledge('j', kernel.triggered());
    kernel.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'stop' });
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint);
    const stopping = kernel.job('j').kind;
    kernel.reportAll('j', 'finished');
    kernel.end('j', 1);
    const ended = kernel.job('j').kind;
    kernel.apply({ kind: 'savepoint-copied', jobId: j, checkpoint, directory: 'd', failure: undefined });

    expect(kernel.messages('trigger-checkpoint').at(-1)).toMatchObject({ checkpoint, final: 'stop' });
    expect([stopping, ended]).toStrictEqual(['finishing', 'finished']);
    expect(kernel.sent.at(-1)).toMatchObject({ kind: 'answer-savepoint', answer: { kind: 'done', directory: 'd' } });
    expect(kernel.invariants.stored.get('j')).toMatchObject({ state: 'finished', owesSavepoints: false });
  });

  test('with which the job stops is finished by the next leader, which also ends what its writers left open', () => {
    const former = running();
    former.acknowledge('j', former.triggered());
    former.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'stop' });
    former.acknowledge('j', former.triggered());

    const kernel = new KernelDriver({}, former);

    const abandoned = kernel.sent.flatMap((effect) => (effect.kind === 'abandon' ? [effect.attempt.attempt] : []));
    expect(former.job('j').kind).toBe('finishing');
    expect(abandoned).toStrictEqual([1]);
    expect(kernel.job('j')).toMatchObject({ kind: 'finished', attempts: { current: undefined, condemned: [] } });
    expect(kernel.sent).toContainEqual(expect.objectContaining({ kind: 'copy-savepoint' }));
  });

  test('with which a job begins gives it its splits, and ids behind its own', () => {
    const former = running();
    former.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a', 'b'), isComplete: true } });
    const read = [{ id: parseSplitId('a'), position: '10', isFinished: false }];
    former.acknowledge('j', former.triggered(), { splits: read });
    const pointer = required(pointerOf(former.job('j').checkpoints), 'a pointer');
    const metadata = required(former.job('j').checkpoints.machine?.completed?.metadata, 'its metadata');
    const restore = { checkpoint: parseCheckpointId(500n), metadataKey: pointer.metadataKey };
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.apply({ kind: 'submit', request: 1, spec: specOf('k'), origin: { restore, metadata } });
    kernel.reportAll('k', 'ready');

    expect(kernel.deployments()[0]?.checkpointing.restore).toStrictEqual(restore);
    expect(kernel.messages('assign-splits').flatMap((message) => message.splits)).toStrictEqual([
      { id: 'a', position: '10' },
      { id: 'b', position: 'start of b' },
    ]);
    expect(kernel.triggered()).toBe(501n);
  });
});

describe('a task manager that lost only its connection', () => {
  test('comes back with what it runs, and nothing restarts; what it may have missed is told again', () => {
    const kernel = running();
    kernel.apply({ kind: 'discovered', jobId: j, vertex, discovery: { splits: splits('a', 'b'), isComplete: true } });
    const before = kernel.messages('assign-splits');
    kernel.probes = 'alive';
    kernel.leave(1);
    const absent = [kernel.job('j').kind, kernel.state.membership.absent.size];
    kernel.tick(5_000);
    kernel.rejoin(1, 'j');

    expect(absent).toStrictEqual(['running', 1]);
    expect(kernel.job('j')).toMatchObject({ kind: 'running', lastAttempt: 1, restarts: { total: 0 } });
    expect(kernel.messages('assign-splits')).toStrictEqual([...before, ...before]);
    expect(kernel.messages('announce-checkpoints')).toHaveLength(1);
    expect(kernel.messages('registered').at(-1)?.cancel).toStrictEqual([]);
  });

  test('and whose process is dead is lost at once', () => {
    const kernel = running();
    kernel.leave(1);

    expect(kernel.job('j')).toMatchObject({ kind: 'waiting-for-slots', restarts: { total: 1 } });
  });

  test('and of whose process nothing is known is lost after a second', () => {
    const kernel = running();
    kernel.probes = 'unknown';
    kernel.leave(1);
    kernel.tick(1_000);
    const early = kernel.job('j').kind;
    kernel.tick(100);

    expect([early, kernel.job('j').kind]).toStrictEqual(['running', 'waiting-for-slots']);
  });

  test('and lives, but does not come back, is lost with the heartbeat timeout', () => {
    const kernel = running();
    kernel.probes = 'alive';
    kernel.leave(1);
    kernel.tick(8_000);
    const early = kernel.job('j').kind;
    kernel.tick(100);

    expect([early, kernel.job('j').kind]).toStrictEqual(['running', 'waiting-for-slots']);
  });

  test('and comes back without what it ran restarts the job', () => {
    const kernel = running();
    kernel.probes = 'alive';
    kernel.leave(1);
    kernel.join(1);

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
  });
});

describe('another leader adopts an attempt', () => {
  test('all of which still runs: nothing restarts, and a checkpoint follows at once', () => {
    const former = running();
    former.acknowledge('j', former.triggered());
    const kernel = new KernelDriver({}, former);
    const before = kernel.job('j').kind;
    kernel.rejoin(1, 'j');

    expect([before, kernel.job('j').kind]).toStrictEqual(['recovering', 'running']);
    expect(kernel.job('j')).toMatchObject({ lastAttempt: 1, restarts: { total: 0 } });
    expect(kernel.sent.some(({ kind }) => kind === 'abandon')).toBe(false);
    expect(kernel.messages('announce-checkpoints')).toMatchObject([{ completed: former.triggered(), pending: [] }]);
    expect(kernel.triggered()).toBeGreaterThan(former.triggered());
  });

  test('only after the commits that had begun', () => {
    const former = running();
    former.answers = { ...former.answers, commits: false };
    const checkpoint = former.triggered();
    former.acknowledge('j', checkpoint, { committables: [prepared(checkpoint)] });
    const kernel = new KernelDriver({}, former, { commits: false });
    kernel.rejoin(1, 'j');
    const before = kernel.job('j').kind;
    kernel.apply({ kind: 'committed', jobId: j, checkpoint, sink, tries: 1 });

    expect([before, kernel.job('j').kind]).toStrictEqual(['recovering', 'running']);
  });

  test('whose readers are the authority on splits: what nobody has is assigned where it was to be read from', () => {
    const former = running();
    const found = { splits: splits('a', 'b', 'c'), isComplete: true };
    former.apply({ kind: 'discovered', jobId: j, vertex, discovery: found });
    const kernel = new KernelDriver({}, former);
    const standing = { vertex, state: 'running', assignment: 1 } as const;
    kernel.rejoin(1, 'j', {
      subtasks: [
        { ...standing, subtask: parseSubtaskIndex(0), slot: 0, splits: [snapshotOf('a', false)] },
        { ...standing, subtask: parseSubtaskIndex(1), slot: 1, splits: [snapshotOf('b', true)] },
      ],
    });

    expect(kernel.messages('assign-splits')).toMatchObject([
      { subtask: 0, assignment: 2, splits: [], noMore: true },
      { subtask: 1, assignment: 2, splits: splits('c'), noMore: true },
    ]);
    expect(kernel.sent.some(({ kind }) => kind === 'discover')).toBe(false);
  });

  test.each([
    ['is ending', { phase: 'ending' }],
    ['is not running yet', { phase: 'preparing' }],
    ['is of other code', { fingerprint: 'other' }],
    ['is of another module', { module: { kind: 'path', path: 'other.mjs' } }],
    ['has heard of a checkpoint that no record knows', { completed: parseCheckpointId(77n) }],
    ['is not whole', { subtasks: [] }],
  ] as const)('not when it %s', (_, over) => {
    const kernel = new KernelDriver({}, running());
    kernel.rejoin(1, 'j', over);

    // Its slots are free when what it still runs has ended.
    expect(kernel.job('j')).toMatchObject({ kind: 'waiting-for-slots', restarts: { total: 0 } });
    expect(kernel.job('j').failures).toMatchObject([{ failure: { code: 'attempt-not-adopted' } }]);
    expect(kernel.messages('registered')[0]?.cancel).toMatchObject([{ jobId: 'j', attempt: 1 }]);
  });

  test('not when a task manager of it comes without it, or does not come in time', () => {
    const without = new KernelDriver({}, running());
    without.join(1);
    const silent = new KernelDriver({}, running());
    silent.tick(10_000);

    expect(without.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    expect(silent.job('j')).toMatchObject({ kind: 'waiting-for-slots', failures: [{ where: 'adoption' }] });
  });

  test('not when its end had begun', () => {
    const former = running();
    former.report('j', 0, 'failed', { failure: restart });
    const kernel = new KernelDriver({}, former);
    kernel.rejoin(1, 'j');

    expect(kernel.messages('registered')[0]?.cancel).toMatchObject([{ jobId: 'j', attempt: 1 }]);
    expect(kernel.job('j').kind).not.toBe('running');
  });

  test('and a cancel meanwhile ends it', () => {
    const kernel = new KernelDriver({}, running());
    kernel.apply({ kind: 'cancel', jobId: j });

    expect(kernel.job('j').kind).toBe('cancelled');
  });
});

describe('another leader', () => {
  test('finishes the commits that its predecessor had begun, and goes on from that checkpoint', () => {
    const former = running();
    former.answers = { ...former.answers, commits: false };
    const checkpoint = former.triggered();
    former.acknowledge('j', checkpoint, { committables: [prepared(checkpoint)] });
    const kernel = new KernelDriver({}, former);
    kernel.join(1);

    expect(kernel.sent.filter(({ kind }) => kind === 'commit' || kind === 'abandon')).toMatchObject([
      { kind: 'commit', checkpoint, committables: ['part'] },
      { kind: 'abandon', attempt: { attempt: 1 } },
    ]);
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2 });
    expect(kernel.deployments()[0]?.checkpointing.restore?.checkpoint).toBe(checkpoint);
  });

  test('uses no checkpoint id again', () => {
    const former = running();
    const kernel = new KernelDriver({}, former);
    kernel.join(1);
    kernel.reportAll('j', 'ready');

    expect(kernel.triggered()).toBeGreaterThan(former.triggered());
  });

  test('brings a cancel to its end, and never runs what has ended', () => {
    const former = running();
    former.apply({ kind: 'cancel', jobId: j });
    const kernel = new KernelDriver({}, former);
    const third = new KernelDriver({}, kernel);
    third.join(1);

    expect([kernel.job('j').kind, third.job('j').kind]).toStrictEqual(['cancelled', 'cancelled']);
    expect(third.deployments()).toStrictEqual([]);
  });

  test('copies the savepoint with which a job has stopped, whatever its own record says', () => {
    const former = running();
    former.acknowledge('j', former.triggered());
    former.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'stop' });
    former.acknowledge('j', former.triggered());
    const kernel = new KernelDriver({}, former);
    const copies = kernel.sent.filter(({ kind }) => kind === 'copy-savepoint').length;
    const checkpoint = former.triggered();
    kernel.apply({ kind: 'savepoint-copied', jobId: j, checkpoint, directory: 'd', failure: undefined });
    const third = new KernelDriver({}, kernel);

    expect([kernel.job('j').kind, copies]).toStrictEqual(['finished', 1]);
    expect(third.sent).toStrictEqual([]);
  });

  test('fails a job whose checkpoint cannot be read, and says why', () => {
    const former = running();
    former.acknowledge('j', former.triggered());
    former.records.loseObjects(fatal);
    const kernel = new KernelDriver({}, former);

    expect(kernel.job('j')).toMatchObject({ kind: 'failed', failures: [{ where: 'recovery', failure: fatal }] });
  });
});

describe('cancelling', () => {
  test('a job that waits for slots ends at once', () => {
    const kernel = new KernelDriver();
    kernel.submit(specOf('j'));
    kernel.apply({ kind: 'cancel', jobId: j });

    expect(kernel.job('j').kind).toBe('cancelled');
  });

  test('a running job ends when its task managers have ended it, and is stored before', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.apply({ kind: 'cancel', jobId: j });
    const stored = kernel.invariants.stored.get('j')?.state;
    kernel.report('j', 0, 'failed', { failure: fatal });
    kernel.end('j', 1);

    expect(stored).toBe('cancelling');
    expect(kernel.job('j')).toMatchObject({ kind: 'cancelled', failures: [] });
  });
});

describe('ended jobs', () => {
  test('are forgotten when there are more than are kept, the oldest first', () => {
    const kernel = new KernelDriver();
    for (const name of ['a', 'b', 'c']) {
      kernel.submit(specOf(name));
      kernel.now += 1;
      kernel.apply({ kind: 'cancel', jobId: parseJobId(name) });
    }

    expect([...kernel.state.jobs.keys()]).toStrictEqual(['b', 'c']);
    expect([...kernel.invariants.stored.keys()]).toStrictEqual(['b', 'c']);
  });

  test('a job under the id of an ended one never uses an attempt number again, also when that was forgotten', () => {
    const kernel = new KernelDriver({ endedJobsMax: 1 });
    kernel.join(1);
    for (const name of ['j', 'j', 'other', 'j']) {
      kernel.submit(specOf(name));
      kernel.apply({ kind: 'cancel', jobId: parseJobId(name) });
      kernel.end(name, 1);
    }

    expect(kernel.deployments().map(({ jobId, attempt }) => `${jobId}#${attempt}`)).toStrictEqual([
      'j#1',
      'j#2',
      'other#1',
      'j#3',
    ]);
  });

  test('a job under the id of one that has not ended is refused', () => {
    const kernel = new KernelDriver();
    kernel.submit(specOf('j'));
    const sent = kernel.apply({ kind: 'submit', request: 7, spec: specOf('j') });

    expect(sent).toMatchObject([
      { kind: 'answer', request: 7, answer: { kind: 'refused', failure: { code: 'job-exists' } } },
    ]);
  });
});

test('1,000 task managers with 4 slots: the work for a report does not grow with the cluster', () => {
  const kernel = new KernelDriver();
  const wide = [vertexOf(4_000)];
  for (let i = 1; i <= 1_000; i += 1) {
    kernel.join(i, 4);
  }
  const started = performance.now();
  kernel.submit(specOf('j', { slotsNeeded: 4_000, vertices: wide }));
  for (let i = 0; i < 4_000; i += 1) {
    kernel.report('j', i, 'ready');
  }
  const state = kernel.job('j').kind;
  for (let i = 0; i < 4_000; i += 1) {
    kernel.report('j', i, 'running');
  }
  kernel.apply({ kind: 'cancel', jobId: j });
  for (let i = 1; i <= 1_000; i += 1) {
    kernel.end('j', i);
  }

  expect([state, kernel.job('j').kind]).toStrictEqual(['running', 'cancelled']);
  // About 10,000 events; alone on a core it takes a second. Quadratic work would take minutes.
  expect(performance.now() - started).toBeLessThan(15_000);
});

function running(): KernelDriver {
  const kernel = new KernelDriver();
  kernel.join(1);
  kernel.run(specOf('j'));
  return kernel;
}

function prepared(preparedFor: CheckpointId): AgedCommittable {
  return { committable: 'part', preparedFor, ageMs: 0, timeoutMs: 600_000 };
}

function splits(...ids: readonly string[]): readonly SplitState[] {
  return ids.map((id) => ({ id: parseSplitId(id), position: `start of ${id}` }));
}

function snapshotOf(id: string, isFinished: boolean): SplitSnapshot {
  return { id: parseSplitId(id), position: '5', isFinished };
}
