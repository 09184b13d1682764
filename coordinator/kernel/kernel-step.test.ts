import { describe, expect, test } from 'vitest';
import type { SplitState } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseJobId,
  parseOperatorUid,
  parseSplitId,
  parseSubtaskIndex,
  parseVertexId,
} from '../../shared/ids.ts';
import type { AttemptKey } from '../../shared/control/messages.ts';
import { parseConnectionId } from '../membership/ids.ts';
import { KernelDriver, specOf } from './kernel-testing.ts';

const vertex = parseVertexId('v');
const sink = parseOperatorUid('out');
const j = parseJobId('j');
const prepared = { committables: [{ sink, committables: ['j#1/0'] }] };
const restart: Failure = { code: 'broker-away', reaction: 'restart-job', message: 'the broker is away' };
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
    kernel.submit(specOf('small', { slotsNeeded: 1, vertices: [{ id: vertex, parallelism: 1, firstSlot: 0 }] }));

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
    expect(kernel.sent.at(-1)).toStrictEqual({ kind: 'discover', jobId: j, vertex, known: new Set() });
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

  test('of a task manager that does not end an attempt in time is that of the task manager', () => {
    const kernel = new KernelDriver();
    kernel.join(1, 1);
    kernel.join(2, 1);
    kernel.run(specOf('j'));
    kernel.report('j', 0, 'failed', { failure: restart });
    kernel.end('j', 1);
    kernel.tick(30_000);

    expect(kernel.state.membership.members.size).toBe(1);
    expect(kernel.sent.at(-1)).toStrictEqual({ kind: 'close-connection', connection: 2 });
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
    const kernel = new KernelDriver();
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
          committables: [],
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
      committables: [],
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
      { vertex, splits: splits('a', 'b'), isComplete: true },
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

  test('that can never be found fail the job at once', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.apply({ kind: 'discovery-failed', jobId: j, vertex, failure: fatal });

    expect(kernel.job('j').kind).toBe('failing');
  });
});

describe('the end of a bounded job', () => {
  test('commits what was prepared, and only then is the job finished', () => {
    const kernel = finished();
    const commit = { kind: 'commit', jobId: j, sink, tries: 1, committables: ['j#1/0'] };
    const before = kernel.job('j').kind;
    kernel.apply({ kind: 'committed', jobId: j, sink, tries: 1 });

    expect(kernel.sent).toContainEqual(commit);
    expect(before).toBe('finishing');
    expect(kernel.job('j').kind).toBe('finished');
    expect(kernel.invariants.stored.get('j')).toMatchObject({ state: 'finished', committables: [] });
  });

  test('waits for the task managers to end the attempt', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.reportAll('j', 'finished');
    const before = kernel.job('j').kind;
    kernel.end('j', 1);

    expect([before, kernel.job('j').kind]).toStrictEqual(['finishing', 'finished']);
  });

  test('repeats a commit that fails, and shows why', () => {
    const kernel = finished();
    kernel.apply({ kind: 'commit-failed', jobId: j, sink, tries: 1, failure: transient });
    kernel.tick(200);
    kernel.apply({ kind: 'committed', jobId: j, sink, tries: 2 });

    expect(kernel.job('j')).toMatchObject({
      kind: 'finished',
      failures: [{ where: 'commit of out', failure: transient }],
    });
  });

  test('fails the job loudly when output is lost, and keeps what was not committed', () => {
    const kernel = finished();
    kernel.apply({ kind: 'commit-failed', jobId: j, sink, tries: 1, failure: fatal });

    expect(kernel.job('j')).toMatchObject({ kind: 'failed', uncommitted: [{ sink, committables: ['j#1/0'] }] });
    expect(kernel.invariants.stored.get('j')?.committables).toStrictEqual([{ sink, committables: ['j#1/0'] }]);
  });

  test('that fails waits, too, until nothing of the attempt is deployed: a job of the same id may come at once', () => {
    const kernel = new KernelDriver();
    kernel.join(1);
    kernel.run(specOf('j'));
    kernel.reportAll('j', 'finished', { committables: [{ sink, committables: ['j#1/0'] }] });
    kernel.apply({ kind: 'commit-failed', jobId: j, sink, tries: 1, failure: fatal });
    const before = kernel.job('j').kind;
    kernel.end('j', 1);

    expect([before, kernel.job('j').kind]).toStrictEqual(['finishing', 'failed']);
  });

  test('is not stopped by the loss of a task manager, nor by a cancel', () => {
    const kernel = finished();
    kernel.leave(1);
    kernel.apply({ kind: 'cancel', jobId: j });
    kernel.apply({ kind: 'committed', jobId: j, sink, tries: 1 });

    expect(kernel.job('j').kind).toBe('finished');
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
  const wide = [{ id: vertex, parallelism: 4_000, firstSlot: 0 }];
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

function finished(): KernelDriver {
  const kernel = new KernelDriver();
  kernel.join(1);
  kernel.run(specOf('j'));
  kernel.reportAll('j', 'finished', prepared);
  kernel.end('j', 1);
  return kernel;
}

function splits(...ids: readonly string[]): readonly SplitState[] {
  return ids.map((id) => ({ id: parseSplitId(id), position: `start of ${id}` }));
}
