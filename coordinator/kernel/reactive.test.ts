import { describe, expect, test } from 'vitest';
import { parseJobId, parseSubtaskIndex, parseVertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { shapeSpec, shapeSpecAt } from '../jobs/shape-spec.ts';
import type { KernelSend } from './kernel-events.ts';
import { KernelDriver, SETTINGS, specOf, vertexOf } from './kernel-testing.ts';

const j = parseJobId('j');
const away = { code: 'away', reaction: 'retry', message: 'the store is away' } as const;
const { cooldownMs, stabilizationMs } = SETTINGS.scaling;

describe('a reactive job that starts', () => {
  test('has all the slots that are free', () => {
    const kernel = started([2, 2]);

    expect(kernel.job('j')).toMatchObject({ kind: 'running', spec: { defaultParallelism: 4, fingerprint: 'f4' } });
    expect(kernel.deployments()[0]?.slots.length).toBe(4);
  });

  test('has no more than its most, and waits with fewer slots than its least', () => {
    const few = new KernelDriver();
    submit(few, { least: 3, most: 4 });
    few.join(1);
    const waiting = few.job('j');
    few.join(2, 4);

    expect(waiting).toMatchObject({ kind: 'waiting-for-slots', reason: 'needs at least 3 slots, 2 free' });
    expect(few.job('j')).toMatchObject({ kind: 'deploying', spec: { defaultParallelism: 4 } });
  });

  test('leaves to a job that waits for its slots what that needs', () => {
    const kernel = new KernelDriver();
    submit(kernel);
    kernel.submit(specOf('k', { slotsNeeded: 3, vertices: [vertexOf(3)] }));
    kernel.join(1, 4);

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', spec: { defaultParallelism: 1 } });
    expect(kernel.job('k')).toMatchObject({ kind: 'deploying' });
  });

  test('starts as it is when it cannot be drawn', () => {
    const kernel = new KernelDriver();
    kernel.submit(reactive('j'));
    kernel.join(1, 4);
    const asked = required(shapings(kernel).at(-1), 'a shaping');
    kernel.apply({ kind: 'job-not-shaped', jobId: j, slots: asked.slots, of: asked.spec, failure: away });

    expect(asked.slots).toBe(4);
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', spec: { defaultParallelism: 1 } });
  });

  test('is asked for again when nobody answers, and not before', () => {
    const kernel = new KernelDriver();
    kernel.submit(reactive('j'));
    kernel.join(1, 4);
    kernel.tick(4_999);
    const before = shapings(kernel).length;
    kernel.tick(1);

    expect([before, shapings(kernel).length]).toStrictEqual([1, 2]);
  });

  test('is drawn again for the slots that there are when others have gone meanwhile', () => {
    const kernel = new KernelDriver();
    kernel.submit(reactive('j'));
    kernel.join(1, 4);
    const asked = required(shapings(kernel).at(-1), 'a shaping');
    kernel.leave(1);
    kernel.join(2, 2);
    kernel.apply({ kind: 'job-shaped', jobId: j, slots: 4, of: asked.spec, spec: shapeFor(4) });
    kernel.apply({ kind: 'job-shaped', jobId: j, slots: 2, of: asked.spec, spec: shapeFor(2) });

    expect(shapings(kernel).map(({ slots }) => slots)).toStrictEqual([4, 2]);
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', spec: { defaultParallelism: 2 } });
  });
});

describe('a reactive job that runs', () => {
  test('grows onto slots that have come, behind a checkpoint, when they have settled: no failure is recorded', () => {
    const kernel = started([2]);
    kernel.join(2, 1);
    kernel.tick(100);
    kernel.tick(stabilizationMs - 1);
    const before = shapings(kernel).length;
    kernel.tick(1);
    const planned = kernel.job('j');
    kernel.tick(1_000);
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint);
    endEverywhere(kernel);

    expect([before, shapings(kernel).length]).toStrictEqual([1, 2]);
    expect(planned).toMatchObject({ kind: 'running', planned: { purpose: 'more-slots' } });
    expect(kernel.job('j')).toMatchObject({
      kind: 'deploying',
      lastAttempt: 2,
      failures: [],
      restarts: { total: 0 },
      spec: { defaultParallelism: 3 },
    });
    expect(kernel.deployments().at(-1)).toMatchObject({
      fingerprint: 'f3',
      checkpointing: { restore: { checkpoint } },
    });
    expect(notes(kernel)).toMatchObject([
      { kind: 'note-rescaled', reason: 'more-slots', from: { slotsNeeded: 2 }, to: { slotsNeeded: 3 } },
    ]);
  });

  test('does not grow within its cooldown, however settled the slots are', () => {
    const kernel = started([2], { least: 1, most: 3 });
    kernel.join(2, 1);
    kernel.tick(100);
    const early = kernel.job('j');
    kernel.tick(cooldownMs);

    expect(early).toMatchObject({ planned: undefined });
    expect(kernel.job('j')).toMatchObject({ planned: { purpose: 'more-slots' } });
  });

  test('does not grow while another job waits for slots', () => {
    const kernel = started([2]);
    kernel.submit(specOf('k', { slotsNeeded: 5, vertices: [vertexOf(5)] }));
    kernel.join(2, 2);
    kernel.tick(100);
    kernel.tick(stabilizationMs);
    kernel.tick(stabilizationMs);

    expect(kernel.job('j')).toMatchObject({ kind: 'running', planned: undefined, spec: { defaultParallelism: 2 } });
    expect(kernel.job('k')).toMatchObject({ kind: 'waiting-for-slots' });
  });

  test('bears a failed checkpoint, gives the growth up behind the second, and tries again after the cooldown', () => {
    const kernel = started([2]);
    kernel.join(2, 1);
    kernel.tick(100);
    kernel.tick(stabilizationMs);
    failCheckpoint(kernel);
    const borne = kernel.job('j');
    failCheckpoint(kernel);
    const givenUp = kernel.job('j');
    kernel.tick(cooldownMs - 1);
    const cooling = kernel.job('j');
    kernel.tick(1);

    expect(borne).toMatchObject({ kind: 'running', planned: { purpose: 'more-slots' } });
    expect(givenUp).toMatchObject({ kind: 'running', lastAttempt: 1, planned: undefined });
    expect(notes(kernel)).toMatchObject([{ kind: 'note-not-redeployed', purpose: 'more-slots' }]);
    expect(cooling).toMatchObject({ planned: undefined });
    expect(kernel.job('j')).toMatchObject({ planned: { purpose: 'more-slots' } });
  });

  test('drops a drawing that comes when its slots are gone', () => {
    const kernel = started([2]);
    kernel.shape = undefined;
    kernel.join(2, 1);
    kernel.tick(100);
    kernel.tick(stabilizationMs);
    const asked = required(shapings(kernel).at(-1), 'a shaping');
    kernel.leave(2);
    kernel.apply({ kind: 'job-shaped', jobId: j, slots: 3, of: asked.spec, spec: shapeFor(3) });

    expect(kernel.job('j')).toMatchObject({ kind: 'running', planned: undefined });
  });

  test('two of them do not count on the same slot', () => {
    const kernel = new KernelDriver();
    submit(kernel);
    kernel.submit(reactive('k'));
    kernel.join(1, 2);
    kernel.reportEach('j', 'ready');
    kernel.reportEach('k', 'ready');
    kernel.join(2, 1);
    kernel.tick(100);
    kernel.tick(stabilizationMs);

    expect(kernel.job('j')).toMatchObject({ kind: 'running', planned: { spec: { slotsNeeded: 2 } } });
    expect(kernel.job('k')).toMatchObject({ kind: 'running', planned: undefined, spec: { slotsNeeded: 1 } });
  });
});

describe('a reactive job that loses slots', () => {
  test('goes on at once with those that are left, from its last checkpoint', () => {
    const kernel = started([2, 2]);
    kernel.acknowledge('j', kernel.triggered());
    const { now } = kernel;
    kernel.leave(2);
    endEverywhere(kernel);

    expect(kernel.now).toBe(now);
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2, spec: { defaultParallelism: 2 } });
    expect(kernel.deployments().at(-1)?.checkpointing.restore).toBeDefined();
    expect(notes(kernel)).toMatchObject([{ kind: 'note-rescaled', reason: 'slots-there-are' }]);
  });

  test('is handed over to fewer slots from a checkpoint when its task manager drains', () => {
    const kernel = started([2, 2]);
    kernel.acknowledge('j', kernel.triggered());
    kernel.apply({ kind: 'draining', connection: kernel.connectionOf(1) });
    kernel.tick(1_000);
    const checkpoint = kernel.triggered();
    kernel.acknowledge('j', checkpoint);
    endEverywhere(kernel);

    expect(kernel.job('j')).toMatchObject({
      kind: 'deploying',
      failures: [],
      restarts: { total: 0 },
      spec: { defaultParallelism: 2 },
    });
    expect(kernel.deployments().at(-1)?.checkpointing.restore?.checkpoint).toBe(checkpoint);
    expect(notes(kernel)).toMatchObject([{ kind: 'note-rescaled', reason: 'task-manager-leaves' }]);
  });

  test('waits when less is left than its least', () => {
    const kernel = started([2, 2], { least: 3, most: 9 });
    kernel.apply({ kind: 'draining', connection: kernel.connectionOf(1) });
    endEverywhere(kernel);

    expect(kernel.sent).toContainEqual({ kind: 'close-connection', connection: kernel.connectionOf(1) });
    expect(kernel.job('j')).toMatchObject({ kind: 'waiting-for-slots', reason: 'needs at least 3 slots, 2 free' });
  });
});

describe('under another leader', () => {
  test('a reactive job is adopted as it is, is still reactive, and waits out a cooldown before it grows', () => {
    const former = started([2]);
    former.acknowledge('j', former.triggered());
    const kernel = new KernelDriver({}, former);
    kernel.shape = shapeFor;
    kernel.rejoin(1, 'j');
    kernel.join(2, 1);
    const adopted = kernel.job('j');
    kernel.tick(100);
    kernel.tick(stabilizationMs);

    expect(adopted).toMatchObject({ kind: 'running', lastAttempt: 1, spec: { reactive: { least: 1, most: 9 } } });
    expect(kernel.job('j')).toMatchObject({ planned: { purpose: 'more-slots', spec: { defaultParallelism: 3 } } });
  });

  test('one that is not whole any more shrinks only when task managers have had the time to register', () => {
    const former = started([2, 2]);
    former.acknowledge('j', former.triggered());
    const kernel = new KernelDriver({}, former);
    kernel.shape = shapeFor;
    kernel.join(1);
    const early = kernel.job('j');
    kernel.tick(SETTINGS.adoptionTimeoutMs - 1);
    const late = kernel.job('j');
    kernel.tick(1);

    expect(early).toMatchObject({ kind: 'waiting-for-slots', reason: 'waits for the task managers to register' });
    expect(late).toBe(early);
    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2, spec: { defaultParallelism: 2 } });
  });

  test('one that is not whole any more goes on as it was when all of its slots are there again', () => {
    const former = started([2, 2]);
    former.acknowledge('j', former.triggered());
    const kernel = new KernelDriver({}, former);
    kernel.shape = shapeFor;
    kernel.join(1);
    kernel.join(2);

    expect(kernel.job('j')).toMatchObject({ kind: 'deploying', lastAttempt: 2, spec: { defaultParallelism: 4 } });
  });
});

function started(slots: readonly number[], bounds = { least: 1, most: 9 }): KernelDriver {
  const kernel = new KernelDriver();
  slots.forEach((count, i) => {
    kernel.join(i + 1, count);
  });
  submit(kernel, bounds);
  kernel.reportEach('j', 'ready');
  kernel.tick(1_000);
  kernel.acknowledge('j', kernel.triggered());
  return kernel;
}

function submit(kernel: KernelDriver, bounds = { least: 1, most: 9 }): void {
  kernel.shape = (slots, name) => shapeSpec(drawing(name), bounds, slots);
  kernel.submit(reactive('j', bounds));
}

function shapeFor(slots: number): JobSpec | undefined {
  return shapeSpec(drawing('j'), { least: 1, most: 9 }, slots);
}

function reactive(name: string, bounds = { least: 1, most: 9 }): JobSpec {
  return shapeSpecAt(drawing(name), bounds, bounds.least);
}

function drawing(name: string): (parallelism: number) => JobSpec {
  return (parallelism) =>
    specOf(name, {
      defaultParallelism: parallelism,
      fingerprint: `f${parallelism}`,
      slotsNeeded: parallelism,
      vertices: [vertexOf(parallelism)],
    });
}

function failCheckpoint(kernel: KernelDriver): void {
  kernel.tick(2_000);
  kernel.apply({
    kind: 'decline-checkpoint',
    connection: kernel.connectionOf(1),
    ...kernel.key('j'),
    checkpoint: kernel.triggered(),
    subtask: { vertex: parseVertexId('v'), subtask: parseSubtaskIndex(0) },
    cause: 'failed',
    detail: 'could not store its state',
  });
}

function endEverywhere(kernel: KernelDriver): void {
  const { jobId, attempt } = required(kernel.messages('cancel').at(-1), 'a cancel');
  [1, 2, 3].forEach((number) => {
    kernel.end('j', number, { jobId, attempt });
  });
}

function shapings(kernel: KernelDriver): readonly Extract<KernelSend, { kind: 'shape-job' }>[] {
  return kernel.sent.filter((effect) => effect.kind === 'shape-job');
}

function notes(kernel: KernelDriver): readonly KernelSend[] {
  return kernel.sent.filter(({ kind }) => kind === 'note-rescaled' || kind === 'note-not-redeployed');
}
