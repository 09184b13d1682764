import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import type { Discovery, SplitEnumerator } from '../../shared/connector/source.ts';
import type { FromCoordinator } from '../../shared/control/messages.ts';
import type { Acknowledgement } from '../../shared/control/acknowledgement.ts';
import {
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSplitId,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { SETTINGS, specOf, vertexOf } from '../kernel/kernel-testing.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { SavepointPin } from '../checkpoints/checkpoint-events.ts';
import type { ProbeResult } from '../membership/membership-events.ts';
import type { JobState } from '../jobs/job.ts';
import type { JobStore } from '../job-store/job-store.ts';
import { MemoryJobStore } from '../job-store/memory-job-store.ts';
import { CoordinatorLoop } from './coordinator-loop.ts';
import type { JobConnectors } from './job-connectors.ts';

const { signal } = new AbortController();
const jobId = parseJobId('j');
const vertex = parseVertexId('v');
const sink = parseOperatorUid('out');
const single = { slotsNeeded: 1, vertices: [vertexOf(1)], sinks: [{ uid: sink, parallelism: 1 }] };

const key = { jobId, attempt: parseAttemptNumber(1) };
const report = { ...key, vertex, subtask: parseSubtaskIndex(0), metrics: [] };

describe('the loop', () => {
  test('takes a job from submit over a checkpoint to finished, calling its connectors, and closes them', async () => {
    const log: string[] = [];
    const { loop, received, stop } = start();
    const connection = join(loop, received);
    await loop.submit({ spec: specOf('j', single), connectors: connectors(log) }, signal);
    await run(loop, connection, 1);
    const checkpoint = await triggered(received);
    await loop.post({ kind: 'acknowledge-checkpoint', connection, ...key, ack: ackOf(checkpoint) }, signal);
    await loop.until((state) => state.jobs.get(jobId)?.checkpoints.stats.completed === 1, signal);
    await loop.post({ kind: 'task-report', connection, report: { ...report, state: 'finished' } }, signal);
    await loop.post({ kind: 'attempt-ended', connection, ...key }, signal);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'finished', signal);
    await stop();

    expect(received.map(({ kind }) => kind)).toStrictEqual([
      'registered',
      'deploy',
      'start',
      'trigger-checkpoint',
      'assign-splits',
      'checkpoint-completed',
    ]);
    expect(log).toStrictEqual(['discover', 'commit part', 'abandon 1', 'close enumerator', 'close committer']);
  });

  test('a leader after it begins with what the stores hold', async () => {
    const store = new MemoryJobStore();
    const snapshots = new MemorySnapshotStore();
    const first = start({ store, snapshots });
    const connection = join(first.loop, first.received);
    await first.loop.submit({ spec: specOf('j', single), connectors: connectors([]) }, signal);
    await run(first.loop, connection, 1);
    const checkpoint = await triggered(first.received);
    await first.loop.post({ kind: 'acknowledge-checkpoint', connection, ...key, ack: ackOf(checkpoint) }, signal);
    await first.loop.until((state) => state.jobs.get(jobId)?.checkpoints.stats.completed === 1, signal);
    await first.stop();
    const log: string[] = [];
    const second = start({ store, snapshots, epoch: 2n, remade: connectors(log) });
    join(second.loop, second.received);
    await second.loop.until((state) => state.jobs.get(jobId)?.kind === 'deploying', signal);
    await eventually(() => second.received.length === 2);
    await second.stop();

    expect(log.slice(0, 1)).toStrictEqual(['abandon 1']);
    expect(second.received.at(-1)).toMatchObject({
      kind: 'deploy',
      deployment: { attempt: 2, checkpointing: { restore: { checkpoint } } },
    });
  });

  test('a savepoint is answered when its copy is there; who gives up is answered at once', async () => {
    const { loop, received, stop } = start();
    const connection = join(loop, received);
    await loop.submit({ spec: specOf('j', single), connectors: connectors([]) }, signal);
    await run(loop, connection, 1);
    const gone = AbortSignal.abort();
    const given = await loop.savepoint(jobId, { directory: 'd', mode: 'go-on' }, gone);
    const saved = loop.savepoint(jobId, { directory: 'd', mode: 'go-on' }, signal);
    const first = await triggered(received);
    await loop.post({ kind: 'acknowledge-checkpoint', connection, ...key, ack: ackOf(first) }, signal);
    const second = await triggered(received, 2);
    await loop.post({ kind: 'acknowledge-checkpoint', connection, ...key, ack: ackOf(second) }, signal);

    expect(given).toMatchObject({ kind: 'failed' });
    expect(await saved).toStrictEqual({ kind: 'done', checkpoint: second, directory: `d/${second}` });
    await stop();
  });

  test('shows and sends nothing that is not durable', async () => {
    const gate = Promise.withResolvers<undefined>();
    const inner = new MemoryJobStore();
    const store: JobStore = {
      load: async (call) => await inner.load(call),
      transact: async (transaction, call) => {
        if (transaction.writes.some(({ key: { kind } }) => kind === 'attempt')) {
          await gate.promise;
        }
        return await inner.transact(transaction, call);
      },
      close: async () => {
        await inner.close();
      },
    };
    const { loop, received, stop } = start({ store });
    join(loop, received);
    await loop.submit({ spec: specOf('j', single), connectors: connectors([]) }, signal);
    await settle();
    const before: [JobState | undefined, number] = [loop.state.jobs.get(jobId)?.kind, received.length];
    gate.resolve(undefined);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'deploying', signal);
    await eventually(() => received.length === 2);
    await stop();

    expect(before).toStrictEqual(['created', 1]);
    expect(received.map(({ kind }) => kind)).toStrictEqual(['registered', 'deploy']);
  });

  test('ends when the store says that someone newer leads', async () => {
    const store = new MemoryJobStore();
    store.raise(parseLeaderEpoch(9n));
    const log: string[] = [];
    const { loop, running } = start({ store });
    const submitted = loop.submit({ spec: specOf('j'), connectors: connectors(log) }, signal);

    await expect(running).rejects.toMatchObject({ failure: { code: 'coordinator-fenced', reaction: 'stop-quietly' } });
    await expect(submitted).rejects.toMatchObject({ failure: { code: 'coordinator-stopping' } });
    expect(log).toStrictEqual(['close enumerator', 'close committer']);
  });

  test('refuses a job whose id is taken, and closes its connectors', async () => {
    const log: string[] = [];
    const { loop, stop } = start();
    await loop.submit({ spec: specOf('j'), connectors: connectors([]) }, signal);
    const second = loop.submit({ spec: specOf('j'), connectors: connectors(log) }, signal);

    await expect(second).rejects.toMatchObject({ failure: { code: 'job-exists' } });
    expect(log).toStrictEqual(['close enumerator', 'close committer']);
    await stop();
  });

  test('a discovery that ends after its job says nothing to the next job of that id', async () => {
    const { loop, received, stop } = start();
    const connection = join(loop, received);
    const late = Promise.withResolvers<Discovery>();
    const older = connectors([], async () => await late.promise);
    const newer = connectors([], async () => await new Promise<Discovery>(() => undefined));
    await loop.submit({ spec: specOf('j', single), connectors: older }, signal);
    await run(loop, connection, 1);
    await loop.post({ kind: 'cancel', jobId }, signal);
    await loop.post({ kind: 'attempt-ended', connection, jobId, attempt: parseAttemptNumber(1) }, signal);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'cancelled', signal);
    await loop.submit({ spec: specOf('j', single), connectors: newer }, signal);
    await run(loop, connection, 2);

    late.resolve({ splits: [{ id: parseSplitId('of-another-topic'), position: '0' }], isComplete: true });
    await settle();

    expect(loop.state.jobs.get(jobId)?.sources.get(vertex)?.splits).toStrictEqual([]);
    await stop();
  });

  test('after its end refuses what comes', async () => {
    const { loop, stop } = start();
    await stop();

    await expect(loop.submit({ spec: specOf('j'), connectors: connectors([]) }, signal)).rejects.toMatchObject({
      failure: { code: 'coordinator-stopping' },
    });
  });

  test('ticks pass on who was heard: a task manager that beats lives, a silent one is lost', async () => {
    const clock = new MemoryClock();
    const { loop, received, stop } = start({ clock });
    const silent = join(loop, received, 'silent');
    const lively = join(loop, [], 'lively');
    await loop.until((state) => state.membership.members.size === 2, signal);
    for (let ms = 0; ms < 9_000; ms += 100) {
      loop.hear(lively);
      await clock.advance(100);
      await settle();
    }

    expect([...loop.state.membership.members.keys()]).toStrictEqual(['lively']);
    expect(loop.state.membership.byConnection.has(silent)).toBe(false);
    await stop();
  });
});

interface Started {
  readonly loop: CoordinatorLoop;
  readonly received: FromCoordinator[];
  readonly running: Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Surroundings {
  readonly store?: JobStore;
  readonly snapshots?: MemorySnapshotStore;
  readonly clock?: MemoryClock;
  readonly epoch?: bigint;
  readonly remade?: JobConnectors;
}

function start(over: Surroundings = {}): Started {
  const deps = {
    clock: over.clock ?? new MemoryClock(),
    random: seededRandom(1),
    store: over.store ?? new MemoryJobStore(),
    snapshots: over.snapshots ?? new MemorySnapshotStore(),
    copySavepoint: async ({ pin }: { readonly pin: SavepointPin }): Promise<string> =>
      await Promise.resolve(`${pin.directory}/${pin.checkpoint}`),
    probe: async (): Promise<ProbeResult> => await Promise.resolve('refused'),
    remakeConnectors: async (): Promise<JobConnectors> => await Promise.resolve(over.remade ?? connectors([])),
    shapeJob: async ({ spec }: { readonly spec: JobSpec }): Promise<JobSpec> => await Promise.resolve(spec),
    epoch: parseLeaderEpoch(over.epoch ?? 1n),
    settings: SETTINGS,
    logger: silentLogger,
  };
  const loop = new CoordinatorLoop(deps);
  const ending = new AbortController();
  const running = loop.run(ending.signal);
  return {
    loop,
    received: [],
    running,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

function join(
  loop: CoordinatorLoop,
  received: FromCoordinator[],
  name = 'tm',
): ReturnType<CoordinatorLoop['connections']['open']> {
  const connection = loop.connections.open({ send: (message) => received.push(message), close: () => undefined });
  const registration = {
    taskManager: parseTaskManagerId(name),
    incarnation: parseIncarnation('i'),
    dataAddress: 'host:1',
    slots: 1,
    version: '1',
    attempts: [],
  };
  loop.raise({ kind: 'register', connection, registration });
  return connection;
}

/** Brings the job's one subtask to `ready`, and so the job to `running`. */
async function run(loop: CoordinatorLoop, connection: ReturnType<typeof join>, attempt: number): Promise<void> {
  await loop.until((state) => state.jobs.get(jobId)?.kind === 'deploying', signal);
  const ready = { ...report, attempt: parseAttemptNumber(attempt), state: 'ready' } as const;
  await loop.post({ kind: 'task-report', connection, report: ready }, signal);
  await loop.until((state) => state.jobs.get(jobId)?.kind === 'running', signal);
}

function connectors(log: string[], discover?: () => Promise<Discovery>): JobConnectors {
  const enumerator: SplitEnumerator = {
    assignment: 'eager',
    discoveryIntervalMs: undefined,
    discover: async (): Promise<Discovery> => {
      log.push('discover');
      if (discover !== undefined) {
        return await discover();
      }
      return await Promise.resolve({ splits: [{ id: parseSplitId('s'), position: '0' }], isComplete: true });
    },
    close: async () => {
      log.push('close enumerator');
      await Promise.resolve();
    },
  };
  const committer: SinkCommitter = {
    check: async () => await Promise.resolve([]),
    abandon: async ({ attempt }) => {
      log.push(`abandon ${attempt}`);
      await Promise.resolve();
    },
    commit: async (committables) => {
      log.push(`commit ${committables.join()}`);
      await Promise.resolve();
    },
    close: async () => {
      log.push('close committer');
      await Promise.resolve();
    },
  };
  return { enumerators: new Map([[vertex, enumerator]]), committers: new Map([[sink, committer]]) };
}

/** Waits until so many checkpoints were triggered; gives the last one's id. */
async function triggered(received: readonly FromCoordinator[], count = 1): Promise<CheckpointId> {
  const triggers = (): readonly CheckpointId[] =>
    received.flatMap((message) => (message.kind === 'trigger-checkpoint' ? [message.checkpoint] : []));
  await eventually(() => triggers().length >= count);
  return required(triggers().at(-1), 'a trigger');
}

async function eventually(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !holds(); i += 1) {
    await settle();
  }
  expect(holds()).toBe(true);
}

/** Of the one subtask: its sink has prepared one part. */
function ackOf(checkpoint: CheckpointId): Acknowledgement {
  const operator = {
    states: [],
    keyed: { kind: 'whole', segments: [] },
    lists: [],
    splits: [],
    isFinished: false,
    watermarkMs: undefined,
  } as const;
  const committables = [{ committable: 'part', preparedFor: checkpoint, ageMs: 0, timeoutMs: undefined }];
  const operators = [
    { ...operator, uid: parseOperatorUid('v'), committables: [] },
    { ...operator, uid: sink, committables },
  ];
  return { checkpoint, subtasks: [{ vertex, subtask: parseSubtaskIndex(0), operators }] };
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) {
    await Promise.resolve();
  }
}
