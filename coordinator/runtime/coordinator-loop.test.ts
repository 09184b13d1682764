import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import type { Discovery, SplitEnumerator } from '../../shared/connector/source.ts';
import type { FromCoordinator } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
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
import { silentLogger } from '../../shared/log/logger.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { SETTINGS, specOf } from '../kernel/kernel-testing.ts';
import type { JobState } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { MemoryJobStore } from '../jobs/memory-job-store.ts';
import { CoordinatorLoop } from './coordinator-loop.ts';
import type { JobConnectors } from './job-connectors.ts';

const { signal } = new AbortController();
const jobId = parseJobId('j');
const vertex = parseVertexId('v');
const sink = parseOperatorUid('out');
const single = { slotsNeeded: 1, vertices: [{ id: vertex, parallelism: 1, firstSlot: 0 }] };

describe('the loop', () => {
  test('takes a job from submit to finished, calling its connectors, and closes them', async () => {
    const log: string[] = [];
    const { loop, received, stop } = start();
    const connection = join(loop, received);
    await loop.submit(specOf('j', single), connectors(log), signal);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'deploying', signal);
    const report = { jobId, attempt: parseAttemptNumber(1), vertex, subtask: parseSubtaskIndex(0), metrics: [] };
    await loop.post(
      { kind: 'task-report', connection, report: { ...report, state: 'ready', committables: [] } },
      signal,
    );
    await loop.until((state) => (state.jobs.get(jobId)?.sources.get(vertex)?.splits.length ?? 0) > 0, signal);
    const committables = [{ sink, committables: ['part'] }];
    await loop.post(
      { kind: 'task-report', connection, report: { ...report, state: 'finished', committables } },
      signal,
    );
    await loop.post({ kind: 'attempt-ended', connection, jobId, attempt: parseAttemptNumber(1) }, signal);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'finished', signal);
    await stop();

    expect(received.map(({ kind }) => kind)).toStrictEqual(['registered', 'deploy', 'start', 'assign-splits']);
    expect(log).toStrictEqual(['discover', 'commit part', 'close enumerator', 'close committer']);
  });

  test('shows and sends nothing that is not durable', async () => {
    const gate = Promise.withResolvers<undefined>();
    const inner = new MemoryJobStore();
    const store: JobStore = {
      putJob: async (record, epoch) => {
        if (record.state === 'deploying') {
          await gate.promise;
        }
        await inner.putJob(record, epoch);
      },
      deleteJob: async (forgotten, epoch) => {
        await inner.deleteJob(forgotten, epoch);
      },
    };
    const { loop, received, stop } = start(store);
    join(loop, received);
    await loop.submit(specOf('j', single), connectors([]), signal);
    await settle();
    const before: [JobState | undefined, number] = [loop.state.jobs.get(jobId)?.kind, received.length];
    gate.resolve(undefined);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'deploying', signal);
    await stop();

    expect(before).toStrictEqual(['created', 1]);
    expect(received.map(({ kind }) => kind)).toStrictEqual(['registered', 'deploy']);
  });

  test('ends when the store says that someone newer leads', async () => {
    const fenced = new StreamError({ code: 'coordinator-fenced', reaction: 'stop-quietly', message: 'replaced' });
    const store: JobStore = {
      putJob: async () => await Promise.reject(fenced),
      deleteJob: async () => await Promise.reject(fenced),
    };
    const log: string[] = [];
    const { loop, running } = start(store);
    const submitted = loop.submit(specOf('j'), connectors(log), signal);

    await expect(running).rejects.toBe(fenced);
    await expect(submitted).rejects.toMatchObject({ failure: { code: 'coordinator-stopping' } });
    expect(log).toStrictEqual(['close enumerator', 'close committer']);
  });

  test('refuses a job whose id is taken, and closes its connectors', async () => {
    const log: string[] = [];
    const { loop, stop } = start();
    await loop.submit(specOf('j'), connectors([]), signal);
    const second = loop.submit(specOf('j'), connectors(log), signal);

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
    await loop.submit(specOf('j', single), older, signal);
    await run(loop, connection, 1);
    await loop.post({ kind: 'cancel', jobId }, signal);
    await loop.post({ kind: 'attempt-ended', connection, jobId, attempt: parseAttemptNumber(1) }, signal);
    await loop.until((state) => state.jobs.get(jobId)?.kind === 'cancelled', signal);
    await loop.submit(specOf('j', single), newer, signal);
    await run(loop, connection, 2);

    late.resolve({ splits: [{ id: parseSplitId('of-another-topic'), position: '0' }], isComplete: true });
    await settle();

    expect(loop.state.jobs.get(jobId)?.sources.get(vertex)?.splits).toStrictEqual([]);
    await stop();
  });

  test('after its end refuses what comes', async () => {
    const { loop, stop } = start();
    await stop();

    await expect(loop.submit(specOf('j'), connectors([]), signal)).rejects.toMatchObject({
      failure: { code: 'coordinator-stopping' },
    });
  });

  test('ticks pass on who was heard: a task manager that beats lives, a silent one is lost', async () => {
    const clock = new MemoryClock();
    const { loop, received, stop } = start(new MemoryJobStore(), clock);
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

function start(store: JobStore = new MemoryJobStore(), clock = new MemoryClock()): Started {
  const deps = {
    clock,
    random: seededRandom(1),
    store,
    epoch: parseLeaderEpoch(1n),
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
  const key = { jobId, attempt: parseAttemptNumber(attempt), vertex, subtask: parseSubtaskIndex(0) };
  const report = { ...key, state: 'ready', metrics: [], committables: [] } as const;
  await loop.post({ kind: 'task-report', connection, report }, signal);
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

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i += 1) {
    await Promise.resolve();
  }
}
