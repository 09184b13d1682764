import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileCoordinatorConnector } from '../connectors/file/node-file-coordinator-connector.ts';
import { generatorCoordinatorConnector } from '../connectors/generator/generator-coordinator-connector.ts';
import { nodeClock } from '../shared/clock/node-clock.ts';
import type { Acknowledgement } from '../shared/control/acknowledgement.ts';
import type { AttemptKey, Deployment, FromTaskManager } from '../shared/control/messages.ts';
import { fingerprintOf } from '../shared/graph/fingerprint.ts';
import { chainGraph } from '../shared/graph/job-graph.ts';
import type { JobGraph } from '../shared/graph/job-graph.ts';
import {
  parseArtifactHash,
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseSlotIndex,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../shared/ids.ts';
import { buildGraph } from '../shared/job/build-graph.ts';
import { loadJob } from '../shared/job/node-load-job.ts';
import { silentLogger } from '../shared/log/logger.ts';
import { ScriptedCoordinator } from './grpc-scripted-coordinator-testing.ts';

const root = join(import.meta.dirname, '..');
const index = JSON.stringify(join(root, 'index.ts'));
const outside = { settings: new Map<string, string>(), logger: silentLogger, clock: nodeClock };

let folder: string;
let coordinator: ScriptedCoordinator;
let child: ChildProcess;
let logs: string;
let exited: Promise<number | null>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-tm-'));
  coordinator = new ScriptedCoordinator();
  start(await coordinator.listen(), { NERVE_TASKMANAGER_SLOT_HEAP_SIZE: '64 mb' });
});

afterEach(async () => {
  child.kill('SIGKILL');
  await exited;
  coordinator.close();
  rmSync(folder, { recursive: true });
});

describe('a task manager process', () => {
  test('runs a small job over two slots to its end, and leaves on SIGTERM', async () => {
    const { graph, deployment } = await deploymentOf(jobOf('record'));
    await register();
    coordinator.sessions[0]!.send({ kind: 'deploy', deployment });
    await subtasksIn('ready', 4);

    coordinator.sessions[0]!.send({ kind: 'start', ...keyOf(deployment) });
    await assignAll(graph, deployment);
    await coordinator.message('checkpoint-wanted');
    const { ack } = await checkpoint(deployment, 1n);
    await commit(graph, ack);
    coordinator.sessions[0]!.send({ kind: 'checkpoint-completed', ...keyOf(deployment), checkpoint: ack.checkpoint });
    await subtasksIn('finished', 4);
    await coordinator.message('attempt-ended');
    child.kill('SIGTERM');
    await coordinator.message('goodbye');

    const values = linesIn(join(folder, 'out', 'numbers')).map(({ value }) => value);
    expect([...new Set(values)]).toHaveLength(3_000);
    expect(values).toHaveLength(3_000);
    expect(count('numRecordsIn', 'feed')).toBe(3_000);
    expect(await exited).toBe(0);
    expect(logs).not.toContain('PATIENT-7');
  }, 60_000);

  test('fetches an artifact once, checks it, and fails the attempt when there is none', async () => {
    const path = jobOf('record');
    const bytes = readFileSync(path);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const { deployment } = await deploymentOf(path);
    const artifact = { ...deployment, module: { kind: 'artifact' as const, hash: parseArtifactHash(hash) } };
    await register();

    coordinator.sessions[0]!.send({ kind: 'deploy', deployment: artifact });
    const failed = await coordinator.message('attempt-failed');
    coordinator.artifacts.set(hash, bytes);
    coordinator.sessions[0]!.send({ kind: 'deploy', deployment: { ...artifact, attempt: parseAttemptNumber(2) } });
    await subtasksIn('ready', 4);

    expect(failed.failure.code).toBe('artifact-missing');
    expect(readdirSync(join(folder, 'tmp', 'artifacts'))).toStrictEqual([`${hash}.mjs`]);
  }, 60_000);

  test.each([
    ['setTimeout(() => { throw new TypeError("PATIENT-7") }); return record', 'slot-crashed', 'TypeError'],
    ['process.exit(3)', 'slot-exited', 'exit code 3'],
    ['for (const all = [];;) { all.push({ all: all.length }); }', 'slot-out-of-memory', 'heap'],
    ['throw new RangeError("PATIENT-7")', 'user-function-failed', 'operator change, subtask'],
  ])(
    'a job that does “%s” costs its attempt, not the process',
    async (body, code, words) => {
      const { graph, deployment } = await deploymentOf(jobOf(body));
      await register();
      coordinator.sessions[0]!.send({ kind: 'deploy', deployment });
      await subtasksIn('ready', 4);

      coordinator.sessions[0]!.send({ kind: 'start', ...keyOf(deployment) });
      await assignAll(graph, deployment);
      await coordinator.until(() => failures().length > 0);
      coordinator.sessions[0]!.send({ kind: 'cancel', ...keyOf(deployment) });
      await coordinator.message('attempt-ended');
      coordinator.sessions[0]!.send({ kind: 'deploy', deployment: { ...deployment, attempt: parseAttemptNumber(2) } });
      await coordinator.message('task-report', ({ report }) => report.attempt === 2 && report.state === 'ready');

      expect(failures().map((failure) => failure.code)).toContain(code);
      expect(failures().find((failure) => failure.code === code)?.message).toContain(words);
      expect(child.exitCode).toBeNull();
      expect(logs + JSON.stringify(failures())).not.toContain('PATIENT-7');
    },
    60_000,
  );

  test('a job that never gives its thread back is ended from outside, and its slots are free again', async () => {
    const { graph, deployment } = await deploymentOf(jobOf('for (;;);'));
    await register();
    coordinator.sessions[0]!.send({ kind: 'deploy', deployment });
    await subtasksIn('ready', 4);
    coordinator.sessions[0]!.send({ kind: 'start', ...keyOf(deployment) });
    await assignAll(graph, deployment);
    await subtasksIn('running', 4);

    coordinator.sessions[0]!.send({ kind: 'cancel', ...keyOf(deployment) });
    await coordinator.message('attempt-ended');
    coordinator.sessions[0]!.send({ kind: 'deploy', deployment: { ...deployment, attempt: parseAttemptNumber(2) } });
    await coordinator.message('task-report', ({ report }) => report.attempt === 2 && report.state === 'ready');

    expect(logs).toContain('slot-terminated');
  }, 60_000);

  test('a module that another process built otherwise is refused', async () => {
    const { deployment } = await deploymentOf(jobOf('record'));
    await register();

    coordinator.sessions[0]!.send({ kind: 'deploy', deployment: { ...deployment, fingerprint: 'another' } });

    expect((await coordinator.message('attempt-failed')).failure.code).toBe('fingerprint-mismatch');
    await coordinator.message('attempt-ended');
  }, 60_000);

  test('tasks run on while the coordinator is away, and are told at the next registration', async () => {
    const { deployment } = await deploymentOf(jobOf('record'));
    await register();
    coordinator.sessions[0]!.send({ kind: 'deploy', deployment });
    await subtasksIn('ready', 4);

    coordinator.sessions[0]!.drop();
    const again = await coordinator.message('register', () => true, 1);
    coordinator.sessions[1]!.send(
      { kind: 'registered', heartbeatIntervalMs: 50, heartbeatTimeoutMs: 20_000, cancel: again.attempts },
      2n,
    );
    const ended = await coordinator.message('attempt-ended', () => true, 1);

    expect(again.attempts).toMatchObject([keyOf(deployment)]);
    expect(ended.attempt).toBe(1);
  }, 60_000);

  test('what is acknowledged while the coordinator is away is told after its announcement, and again after the next', async () => {
    const { graph, deployment } = await deploymentOf(jobOf('record'));
    await register();
    coordinator.sessions[0]!.send({ kind: 'deploy', deployment });
    await subtasksIn('ready', 4);
    coordinator.sessions[0]!.send({ kind: 'start', ...keyOf(deployment) });
    await assignAll(graph, deployment);
    await coordinator.message('checkpoint-wanted');
    await checkpoint(deployment, 1n);

    coordinator.sessions[0]!.drop();
    const registration = await coordinator.message('register', () => true, 1);
    coordinator.sessions[1]!.accept();
    announce(deployment, 1);
    const again = await coordinator.message('acknowledge-checkpoint', () => true, 1);

    expect(registration.attempts).toMatchObject([
      { ...keyOf(deployment), phase: 'running', deployedBy: 1n, completed: undefined },
    ]);
    expect(registration.attempts[0]?.subtasks.map(({ state }) => state)).toStrictEqual(Array(4).fill('running'));
    expect(again.ack.checkpoint).toBe(1n);
    expect(again.ack.subtasks).toHaveLength(4);
  }, 60_000);

  test('a coordinator of another version ends it with a clear error', async () => {
    await coordinator.message('register');

    coordinator.sessions[0]!.send({ kind: 'refused', code: 'version-mismatch', message: 'run the same version' });

    expect(await exited).toBe(1);
    expect(logs).toContain('refused this task manager: run the same version');
  }, 60_000);
});

function start(address: string, more: Readonly<Record<string, string>>): void {
  logs = '';
  child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), 'taskmanager'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      ...process.env,
      NERVE_COORDINATOR_RPC_ADDRESSES: address,
      NERVE_TASKMANAGER_ID: 'tm-a',
      NERVE_TASKMANAGER_NUMBEROFTASKSLOTS: '2',
      NERVE_IO_TMP_DIRS: join(folder, 'tmp'),
      ...more,
    },
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    logs += chunk.toString('utf8');
  });
  exited = new Promise((resolve) => {
    child.once('exit', resolve);
  });
}

async function register(): Promise<void> {
  await coordinator.message('register');
  coordinator.sessions[0]!.accept();
}

async function subtasksIn(state: string, wanted: number): Promise<void> {
  await coordinator.until(() => {
    const reports = all().flatMap((message) => (message.kind === 'task-report' ? [message.report] : []));
    return reports.filter((report) => report.state === state).length >= wanted;
  });
}

function all(): readonly FromTaskManager[] {
  return coordinator.sessions.flatMap(({ received }) => received);
}

function failures(): readonly { readonly code: string; readonly message: string }[] {
  return all().flatMap((message) => {
    if (message.kind === 'attempt-failed') {
      return [message.failure];
    }
    return message.kind === 'task-report' && message.report.failure !== undefined ? [message.report.failure] : [];
  });
}

/** A generated feed, a shuffle, a file sink; `body` is what its map does with each `record`. */
function jobOf(body: string): string {
  const path = join(folder, `job-${createHash('sha256').update(body).digest('hex').slice(0, 8)}.mjs`);
  writeFileSync(
    path,
    `import { defineJob, fileSink, generatorSource } from ${index};
export const job = defineJob('small', (flow) => {
  flow
    .source(generatorSource({ count: 3000, splits: 2, next: (i) => ({ value: Buffer.from('PATIENT-' + i) }) }), { uid: 'feed' })
    .map((record) => { ${body === 'record' ? 'return record' : body} }, { uid: 'change' })
    .keyBy((record) => record.value.toString())
    .process({ process: ({ value }, context) => {
      context.emit({ topic: 'numbers', key: context.currentKey, value, headers: {} });
    } }, { uid: 'keyed' })
    .sinkTo(fileSink({ path: ${JSON.stringify(join(folder, 'out'))} }), { uid: 'out' });
});
`,
  );
  return path;
}

async function deploymentOf(path: string): Promise<{ graph: JobGraph; deployment: Deployment }> {
  const job = await loadJob(path);
  const graph = chainGraph(buildGraph(job, {}, { parallelism: 2, maxParallelism: 128 }));
  return {
    graph,
    deployment: {
      jobId: parseJobId('small-1'),
      attempt: parseAttemptNumber(1),
      module: { kind: 'path', path },
      args: {},
      defaultParallelism: 2,
      maxParallelism: 128,
      parallelismOverrides: {},
      quarantined: [],
      fingerprint: fingerprintOf(graph),
      slots: [0, 1].map((slot) => ({
        slot,
        taskManager: parseTaskManagerId('tm-a'),
        slotIndex: parseSlotIndex(slot),
        dataAddress: '127.0.0.1:1',
      })),
      checkpointing: {
        lineage: 'l',
        directory: join(folder, 'checkpoints'),
        restore: undefined,
        clusterId: 'test',
        transactionPool: 4,
      },
    },
  };
}

/** What the coordinator does for a bounded source: every split to a reader, then no more. */
async function assignAll(graph: JobGraph, deployment: Deployment): Promise<void> {
  const { id, nodes } = graph.vertices[0]!;
  const { operator } = nodes[0]!;
  const spec = operator.kind === 'source' ? operator.source : undefined;
  const enumerator = generatorCoordinatorConnector.createEnumerator(spec!, outside);
  const { splits } = await enumerator.discover(new Set(), new AbortController().signal);
  for (const subtask of [0, 1]) {
    coordinator.sessions[0]!.send({
      kind: 'assign-splits',
      ...keyOf(deployment),
      vertex: id,
      subtask: parseSubtaskIndex(subtask),
      assignment: 1,
      splits: splits.filter((_, i) => i % 2 === subtask),
      noMore: true,
    });
  }
}

/** Barriers start at the feed; what the task manager acknowledges. */
async function checkpoint(
  deployment: Deployment,
  id: bigint,
): Promise<Extract<FromTaskManager, { kind: 'acknowledge-checkpoint' }>> {
  const checkpointId = parseCheckpointId(id);
  coordinator.sessions[0]!.send({
    kind: 'trigger-checkpoint',
    ...keyOf(deployment),
    checkpoint: checkpointId,
    triggeredAtMs: 0,
    subtasks: [0, 1].map((subtask) => ({ vertex: parseVertexId('feed'), subtask: parseSubtaskIndex(subtask) })),
    final: undefined,
    completed: undefined,
  });
  return await coordinator.message('acknowledge-checkpoint', ({ ack }) => ack.checkpoint === checkpointId);
}

function announce(deployment: Deployment, session: number): void {
  const issued = parseCheckpointId(1n);
  coordinator.sessions[session]!.send({
    kind: 'announce-checkpoints',
    ...keyOf(deployment),
    completed: undefined,
    issued,
    pending: [issued],
  });
}

async function commit(graph: JobGraph, ack: Acknowledgement): Promise<void> {
  const operator = graph.vertices.flatMap(({ nodes }) => nodes).find((node) => node.uid === 'out')?.operator;
  const spec = operator?.kind === 'sink' ? operator.sink : undefined;
  const committer = fileCoordinatorConnector.createCommitter(spec!, {
    ...outside,
    jobId: 'small-1',
    uid: 'out',
    clusterId: 'test',
  });
  const committables = ack.subtasks
    .flatMap(({ operators }) => operators)
    .flatMap((described) => described.committables.map(({ committable }) => committable));
  await committer.commit(committables, new AbortController().signal);
  await committer.close();
}

function count(name: string, operator: string): number {
  return all()
    .flatMap((message) => (message.kind === 'task-report' ? message.report.metrics : []))
    .filter((sample) => sample.name === name && sample.labels['operator'] === operator)
    .reduce((sum, { value }) => sum + value, 0);
}

function keyOf({ jobId, attempt }: Deployment): AttemptKey {
  return { jobId, attempt };
}

function linesIn(path: string): readonly { readonly value: unknown }[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(path, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as { readonly value: unknown });
}
