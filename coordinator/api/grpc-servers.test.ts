import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { status } from '@grpc/grpc-js';
import { grpcAdminClient } from '../../cli/admin/grpc-admin-client.ts';
import type { AdminClient } from '../../cli/admin/admin-client.ts';
import { parseConfiguration } from '../../shared/config/parse-configuration.ts';
import type { AttemptKey, Deployment, TaskState } from '../../shared/control/messages.ts';
import { parseSubtaskIndex, parseVertexId } from '../../shared/ids.ts';
import { runCoordinator } from '../main.ts';
import { ScriptedTaskManager } from './grpc-scripted-task-manager-testing.ts';

const root = join(import.meta.dirname, '../..');
let folder: string;
let stop: AbortController;
let running: Promise<number>;
let address: string;
let admin: AdminClient;
let taskManagers: ScriptedTaskManager[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-coordinator-'));
  stop = new AbortController();
  taskManagers = [];
  const layer = {
    origin: 'test',
    values: { 'coordinator.rpc.port': '0', 'io.tmp.dirs': folder, 'log.level': 'silent', 'heartbeat.timeout': '2 s' },
  };
  const parsed = parseConfiguration([layer]);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join('\n'));
  }
  address = await new Promise<string>((resolve, reject) => {
    running = runCoordinator(parsed, stop.signal, { onListening: resolve });
    running.catch(reject);
  });
  admin = grpcAdminClient([address]);
});

afterEach(async () => {
  admin.close();
  taskManagers.forEach((taskManager) => {
    taskManager.close();
  });
  stop.abort();
  expect(await running).toBe(0);
  rmSync(folder, { recursive: true });
});

describe('a job on the cluster', () => {
  test('goes from submit over deploy, start and splits to finished, its output committed', async () => {
    const input = join(folder, 'in');
    writeFileSync(input, 'one\n');
    const taskManager = await connected('tm-1');
    const bytes = Buffer.from(moduleText(input, join(folder, 'out')));

    const { jobId } = await admin.submit({ module: bytes, args: {}, jobId: 'first' });
    const { deployment } = await taskManager.next('deploy');
    report(taskManager, deployment, 'ready');
    await taskManager.next('start');
    report(taskManager, deployment, 'running');
    taskManager.say({ kind: 'split-request', ...keyOf(deployment), ...reader });
    const split = await taskManager.next('assign-splits');
    taskManager.say({ kind: 'split-request', ...keyOf(deployment), ...reader });
    const last = await taskManager.next('assign-splits');
    const detail = await admin.job(jobId, { plan: true });
    report(taskManager, deployment, 'finished');
    taskManager.say({ kind: 'attempt-ended', ...keyOf(deployment) });

    expect(deployment.slots).toHaveLength(1);
    expect(deployment.module.kind === 'artifact' && (await taskManager.fetch(deployment.module.hash))).toStrictEqual(
      bytes,
    );
    expect(split.splits.map(({ id }) => id)).toStrictEqual([expect.stringContaining('in')]);
    expect([split.assignment, last.assignment, last.noMore]).toStrictEqual([1, 2, true]);
    expect(detail.summary.state).toBe('running');
    expect(detail.subtasks.map(({ vertex, state }) => [vertex, state])).toStrictEqual([['lines', 'running']]);
    expect(JSON.parse(detail.planJson)).toMatchObject({ slots: 1 });
    expect(await stateOf(jobId, 'finished')).toBe('finished');
  });

  test('is restarted on another task manager when the connection breaks', async () => {
    const input = join(folder, 'in');
    writeFileSync(input, 'one\n');
    const first = await connected('tm-1');
    const { jobId } = await admin.submit({
      module: { path: moduleFile(moduleText(input, join(folder, 'out'))) },
      args: {},
    });
    const { deployment } = await first.next('deploy');
    report(first, deployment, 'ready');
    await first.next('start');
    const second = await connected('tm-2');

    first.breakOff();
    const again = await second.next('deploy');
    const { summary, failures } = await admin.job(jobId);

    expect(again.deployment.attempt).toBe(2);
    expect(summary).toMatchObject({ state: 'deploying', attempt: 2, restarts: 1 });
    expect(failures.map(({ where, failure }) => [where, failure.code])).toStrictEqual([['tm-1', 'task-manager-lost']]);
  });

  test('is cancelled on its task manager before the cancel is answered', async () => {
    const taskManager = await connected('tm-1');
    const { jobId } = await admin.submit({ module: { path: moduleFile(moduleText(folder, folder)) }, args: {} });
    const { deployment } = await taskManager.next('deploy');

    const cancelled = admin.cancel(jobId);
    await taskManager.next('cancel');
    const before = await admin.job(jobId);
    taskManager.say({ kind: 'attempt-ended', ...keyOf(deployment) });

    expect(before.summary.state).toBe('cancelling');
    expect((await cancelled).summary.state).toBe('cancelled');
    expect((await admin.cancel(jobId)).summary.state).toBe('cancelled');
  });

  test('says for what it waits when there are too few slots', async () => {
    const { jobId } = await admin.submit({ module: { path: moduleFile(moduleText(folder, folder)) }, args: {} });

    expect(await stateOf(jobId, 'waiting-for-slots')).toBe('waiting-for-slots');
    expect((await admin.job(jobId)).summary.failure?.message).toBe('The job needs 1 slot, 0 free on 0 task managers.');
  });
});

describe('a submission is refused', () => {
  test.each([
    ['throws', 'throw new TypeError("no table");', 'TypeError: no table'],
    ['exits', 'process.exit(7);', 'exit code 7'],
    ['has no job', 'export const jobs = 1;', 'no "job"'],
    [
      'fails a moment later',
      `${moduleText('/in', '/out')}\nsetImmediate(() => { throw new RangeError("late"); });`,
      'RangeError: late',
    ],
    ['has no sink', moduleText('/in', '/out').replace(/\.sinkTo\(.*\);/, ';'), 'nothing reads its output'],
  ])('when its module %s', async (_, text, sentence) => {
    await expect(admin.submit({ module: Buffer.from(text), args: {} })).rejects.toThrow(sentence);

    expect(await admin.list()).toStrictEqual([]);
  });

  test('when a connector does not exist, with every problem at once', async () => {
    const text = moduleText('/in', '/out').replaceAll('connector: spec', 'connector: "tape"');
    const problems = admin.submit({ module: Buffer.from(text), args: {} });

    await expect(problems).rejects.toThrow(
      /source "lines": there is no connector "tape"[^\n]*\nsink "out": there is no/,
    );
  });

  test('when a job of that id has not ended', async () => {
    const module = { path: moduleFile(moduleText('/in', '/out')) };
    await admin.submit({ module, args: {}, jobId: 'taken' });

    await expect(admin.submit({ module, args: {}, jobId: 'taken' })).rejects.toMatchObject({
      failure: { code: 'job-exists', reaction: 'fail-job', message: expect.stringContaining('"taken"') as unknown },
    });
  });
});

describe('a reactive job', () => {
  test('is drawn for the slots that there are, shown as reactive, and told no parallelism by hand', async () => {
    const module = Buffer.from(moduleText('/in', '/out'));
    await connected('tm-1');
    await connected('tm-2');
    const { jobId } = await admin.submit({ module, args: {}, schedulerMode: 'reactive', parallelism: 2 });
    const first = await taskManagers[0]?.next('deploy');

    expect(first).toMatchObject({ deployment: { defaultParallelism: 2, slots: [{}, {}] } });
    expect((await admin.job(jobId)).summary).toMatchObject({ parallelism: 2, schedulerMode: 'reactive' });
    await expect(admin.rescale(jobId, { parallelism: 1, operators: {} })).rejects.toThrow(/is reactive/);
  });

  test('waits with fewer slots than its least parallelism takes', async () => {
    const module = Buffer.from(moduleText('/in', '/out'));
    await connected('tm-1');
    const { jobId } = await admin.submit({ module, args: {}, schedulerMode: 'reactive', leastParallelism: 3 });

    expect(await stateOf(jobId, 'waiting-for-slots')).toBe('waiting-for-slots');
    expect((await admin.job(jobId)).summary.failure?.message).toBe('The job needs at least 3 slots, 2 free.');
  });

  test.each([
    [
      { schedulerMode: 'reactive', leastParallelism: 3, parallelism: 2 },
      /least parallelism.* 3, is more than its most, 2/,
    ],
    [{ leastParallelism: 2 }, /only a reactive job has a least parallelism/],
    [{ schedulerMode: 'reactive', parallelism: 2_000 }, /2000/],
  ] as const)('%j is refused', async (how, sentence) => {
    const module = Buffer.from(moduleText('/in', '/out'));

    await expect(admin.submit({ module, args: {}, ...how })).rejects.toThrow(sentence);
  });
});

describe('a control stream', () => {
  test('of another version is refused with a sentence', async () => {
    const taskManager = connect();
    taskManager.register('tm-1', { version: '0.0.0-other' });

    const refused = await taskManager.next('refused');

    expect(refused.code).toBe('version-mismatch');
    expect(await taskManager.ended()).toBe('ended');
  });

  test('of a second process with the same id is refused, and the first keeps its place', async () => {
    await connected('tm-1');
    const second = connect();
    second.register('tm-1', { incarnation: 'second' });

    expect((await second.next('refused')).code).toBe('task-manager-id-in-use');
    expect((await admin.cluster()).taskManagers.map(({ incarnation }) => incarnation)).toStrictEqual(['first']);
  });

  test('with a gap in its numbers is ended, and its task manager is lost', async () => {
    const taskManager = await connected('tm-1');

    taskManager.say({ kind: 'heartbeat', sentAtMs: 1, metrics: [] }, 17);

    expect(await taskManager.ended()).toContain(`${status.INVALID_ARGUMENT} INVALID_ARGUMENT`);
    expect(await members(0)).toStrictEqual([]);
  });

  test('that does not begin with a registration is ended', async () => {
    const taskManager = connect();

    taskManager.say({ kind: 'goodbye', reason: 'shutdown' });

    expect(await taskManager.ended()).toContain('INVALID_ARGUMENT');
  });

  test('that falls silent is ended after the timeout; one with heartbeats is not', async () => {
    const silent = await connected('silent');
    const lively = await connected('lively');
    const beat = setInterval(() => {
      lively.say({ kind: 'heartbeat', sentAtMs: 5, metrics: [] });
    }, 300);

    const ended = await silent.ended();
    clearInterval(beat);

    expect(ended).toBe('ended');
    expect((await lively.next('heartbeat-ack')).sentAtMs).toBe(5);
    expect(await members(1)).toStrictEqual(['lively']);
  });

  test('knows no artifact that was not submitted', async () => {
    const taskManager = connect();

    await expect(taskManager.fetch('0'.repeat(64))).rejects.toThrow('NOT_FOUND');
  });
});

const reader = { vertex: parseVertexId('lines'), subtask: parseSubtaskIndex(0) };

/** A job with the real file source and sink, as a module that needs nothing but the project's files. */
function moduleText(input: string, output: string): string {
  const from = (path: string): string => JSON.stringify(join(root, path));
  return `
    import { defineJob } from ${from('index.ts')};
    import { fileSource } from ${from('connectors/file/source-spec.ts')};
    import { fileSink } from ${from('connectors/file/sink-spec.ts')};
    const spec = 'file';
    export const job = defineJob('copy', (flow) => {
      const source = { ...fileSource({ path: ${JSON.stringify(input)} }), connector: spec };
      const sink = { ...fileSink({ path: ${JSON.stringify(output)} }), connector: spec };
      flow.source(source, { uid: 'lines' }).map((record) => ({ topic: 't', headers: {}, key: undefined, value: record.value })).sinkTo(sink, { uid: 'out' });
    });`;
}

function moduleFile(text: string): string {
  const path = join(folder, 'job.mjs');
  writeFileSync(path, text);
  return path;
}

function connect(): ScriptedTaskManager {
  const taskManager = new ScriptedTaskManager(address);
  taskManagers.push(taskManager);
  return taskManager;
}

async function connected(id: string): Promise<ScriptedTaskManager> {
  const taskManager = connect();
  taskManager.register(id);
  await taskManager.next('registered');
  return taskManager;
}

function keyOf({ jobId, attempt }: Deployment): AttemptKey {
  return { jobId, attempt };
}

function report(taskManager: ScriptedTaskManager, deployment: Deployment, state: TaskState): void {
  taskManager.say({
    kind: 'task-report',
    report: { ...keyOf(deployment), ...reader, state, metrics: [] },
  });
}

/** Asks until the job is in the state; the test's time is the bound. */
async function stateOf(jobId: string, wanted: string): Promise<string> {
  for (;;) {
    const { state } = (await admin.job(jobId)).summary;
    if (state === wanted) {
      return state;
    }
  }
}

async function members(count: number): Promise<readonly string[]> {
  for (;;) {
    const { taskManagers: found } = await admin.cluster();
    if (found.length === count) {
      return found.map(({ id }) => id);
    }
  }
}
