import { describe, expect, test } from 'vitest';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseJobId, parseSubtaskIndex, parseVertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { KernelDriver, specOf, vertexOf } from './kernel-testing.ts';

const j = parseJobId('j');
const restart: Failure = { code: 'broker-away', reaction: 'restart-job', message: 'the broker is away' };
const wider = specOf('j', { slotsNeeded: 3, vertices: [vertexOf(3)], fingerprint: 'f3', defaultParallelism: 3 });

function running(...slots: readonly number[]): KernelDriver {
  const kernel = new KernelDriver();
  slots.forEach((count, i) => {
    kernel.join(i + 1, count);
  });
  kernel.run(specOf('j'));
  kernel.acknowledge('j', kernel.triggered());
  kernel.tick(1_000);
  return kernel;
}

function answersOf(kernel: KernelDriver): readonly unknown[] {
  return kernel.sent.flatMap((effect) => (effect.kind === 'answer-redeploy' ? [effect.answer] : []));
}

function wanted(spec: JobSpec = wider): KernelDriver {
  const kernel = running(2, 2);
  kernel.redeploy('j', spec);
  kernel.tick(1_000);
  return kernel;
}

function endEverywhere(kernel: KernelDriver): void {
  const { jobId, attempt } = required(kernel.messages('cancel').at(-1), 'a cancel');
  [1, 2, 3].forEach((number) => {
    kernel.end('j', number, { jobId, attempt });
  });
}

describe('a planned redeployment', () => {
  test('takes a checkpoint, ends the attempt behind it, and deploys the new specification from it: no failure, no delay', () => {
    const kernel = wanted();
    const checkpoint = kernel.triggered();
    const before = [kernel.job('j').kind, answersOf(kernel).length];
    kernel.acknowledge('j', checkpoint);
    const between = kernel.job('j').kind;
    const stored = kernel.invariants.stored.get('j');
    endEverywhere(kernel);

    expect(before).toStrictEqual(['running', 0]);
    expect(between).toBe('restarting');
    expect(stored).toMatchObject({ state: 'restarting', spec: { fingerprint: 'f3' } });
    expect(answersOf(kernel)).toStrictEqual([{ kind: 'begun', attempt: 1, checkpoint }]);
    expect(kernel.job('j')).toMatchObject({
      kind: 'deploying',
      lastAttempt: 2,
      failures: [],
      restarts: { total: 0 },
      spec: { fingerprint: 'f3' },
    });
    expect(kernel.deployments().at(-1)).toMatchObject({
      attempt: 2,
      fingerprint: 'f3',
      defaultParallelism: 3,
      checkpointing: { restore: { checkpoint } },
    });
    expect(kernel.deployments().at(-1)?.slots.length).toBe(3);
  });

  test('is refused when its checkpoint fails, and the job goes on as it was', () => {
    const kernel = wanted();
    kernel.apply({
      kind: 'decline-checkpoint',
      connection: kernel.connectionOf(1),
      ...kernel.key('j'),
      checkpoint: kernel.triggered(),
      subtask: { vertex: parseVertexId('v'), subtask: parseSubtaskIndex(0) },
      cause: 'failed',
      detail: 'could not store its state',
    });
    kernel.tick(60_000);
    kernel.acknowledge('j', kernel.triggered());

    expect(answersOf(kernel)).toMatchObject([{ kind: 'refused', failure: { code: 'redeployment-failed' } }]);
    expect(kernel.job('j')).toMatchObject({
      kind: 'running',
      lastAttempt: 1,
      planned: undefined,
      spec: { fingerprint: 'f' },
    });
  });

  test('is refused when no checkpoint completes in time', () => {
    const kernel = wanted();
    for (let i = 0; i < 20 && answersOf(kernel).length === 0; i += 1) {
      kernel.tick(60_000);
    }

    expect(answersOf(kernel)).toMatchObject([{ kind: 'refused' }]);
    expect(kernel.job('j')).toMatchObject({ lastAttempt: 1, spec: { fingerprint: 'f' } });
  });

  test('that a failure overtakes is refused: the job restarts as it was', () => {
    const kernel = wanted();
    kernel.report('j', 0, 'failed', { failure: restart });
    endEverywhere(kernel);

    expect(answersOf(kernel)).toMatchObject([{ kind: 'refused' }]);
    expect(kernel.job('j')).toMatchObject({ spec: { fingerprint: 'f' }, failures: [{ failure: restart }] });
  });

  test('that a cancel overtakes is refused, before its checkpoint and behind it', () => {
    const early = wanted();
    early.apply({ kind: 'cancel', jobId: j });
    endEverywhere(early);
    const late = wanted();
    late.acknowledge('j', late.triggered());
    late.apply({ kind: 'cancel', jobId: j });
    endEverywhere(late);

    expect([early, late].map((kernel) => kernel.job('j').kind)).toStrictEqual(['cancelled', 'cancelled']);
    expect(answersOf(early)).toMatchObject([{ kind: 'refused' }]);
    expect(answersOf(late)).toMatchObject([{ kind: 'begun' }]);
    expect(late.deployments().every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test('that has not begun is forgotten by the next leader, which adopts what runs', () => {
    const former = wanted();
    const kernel = new KernelDriver({}, former);
    kernel.rejoin(1, 'j');
    kernel.rejoin(2, 'j');

    expect(kernel.job('j')).toMatchObject({ kind: 'running', lastAttempt: 1, spec: { fingerprint: 'f' } });
  });

  test('that has begun is finished by the next leader, which adopts nothing of the old attempt', () => {
    const former = wanted();
    const checkpoint = former.triggered();
    former.acknowledge('j', checkpoint);
    const kernel = new KernelDriver({}, former);
    kernel.join(1);
    kernel.join(2);

    expect(former.job('j').kind).toBe('restarting');
    expect(kernel.job('j')).toMatchObject({
      kind: 'deploying',
      lastAttempt: 2,
      failures: [],
      spec: { fingerprint: 'f3' },
    });
    expect(kernel.deployments().at(-1)).toMatchObject({
      fingerprint: 'f3',
      checkpointing: { restore: { checkpoint } },
    });
  });

  test('is refused at once when there are too few slots, its own counted, and says how many are missing', () => {
    const kernel = running(2);
    kernel.redeploy('j', wider);

    expect(answersOf(kernel)).toMatchObject([{ kind: 'refused', failure: { code: 'too-few-slots' } }]);
    expect(answersOf(kernel)).toMatchObject([{ failure: { message: expect.stringContaining('1 more') as unknown } }]);
    expect(kernel.job('j')).toMatchObject({ kind: 'running', planned: undefined });
  });

  test('is refused while another is under way, and while the job stops', () => {
    const twice = wanted();
    twice.redeploy('j', wider);
    const stopping = running(2, 2);
    stopping.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'stop' });
    stopping.redeploy('j', wider);

    expect(answersOf(twice)).toMatchObject([{ kind: 'refused' }]);
    expect(answersOf(stopping)).toMatchObject([{ kind: 'refused' }]);
  });

  test('gives way to a stop that is asked for meanwhile', () => {
    const kernel = wanted();
    kernel.apply({ kind: 'savepoint', jobId: j, request: 4, directory: 'd', mode: 'stop' });
    kernel.acknowledge('j', kernel.triggered());
    kernel.acknowledge('j', kernel.triggered());

    expect(kernel.job('j')).toMatchObject({ kind: 'finishing', spec: { fingerprint: 'f' } });
    expect(answersOf(kernel)).toMatchObject([{ kind: 'refused' }]);
  });
});

describe('a task manager that drains', () => {
  test('is offered nothing more, and what runs there goes on elsewhere from a checkpoint: no failure is recorded', () => {
    const kernel = running(1, 1, 2);
    kernel.apply({ kind: 'draining', connection: kernel.connectionOf(1) });
    kernel.tick(1_000);
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint);
    endEverywhere(kernel);

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2, failures: [], restarts: { total: 0 } });
    expect(
      kernel
        .deployments()
        .at(-1)
        ?.slots.map(({ taskManager }) => taskManager),
    ).not.toContain('tm-1');
    expect(kernel.deployments().at(-1)?.checkpointing.restore?.checkpoint).toBe(checkpoint);
  });

  test('asks again after a checkpoint that failed', () => {
    const kernel = running(1, 1, 2);
    kernel.apply({ kind: 'draining', connection: kernel.connectionOf(1) });
    kernel.tick(1_000);
    kernel.apply({
      kind: 'decline-checkpoint',
      connection: kernel.connectionOf(1),
      ...kernel.key('j'),
      checkpoint: kernel.triggered(),
      subtask: { vertex: parseVertexId('v'), subtask: parseSubtaskIndex(0) },
      cause: 'failed',
      detail: 'could not store its state',
    });
    kernel.tick(100);

    expect(kernel.job('j')).toMatchObject({ kind: 'running', planned: { request: undefined } });
  });

  test('leaves as if it said goodbye when what runs there has no other place', () => {
    const kernel = running(1, 1);
    kernel.apply({ kind: 'draining', connection: kernel.connectionOf(1) });

    expect(kernel.sent).toContainEqual({ kind: 'close-connection', connection: kernel.connectionOf(1) });
    expect(kernel.job('j')).toMatchObject({ kind: 'restarting' });
  });
});
