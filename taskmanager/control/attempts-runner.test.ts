import { describe, expect, test } from 'vitest';
import type { Deployment, FromTaskManager, TaskReport } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseJobId,
  parseLeaderEpoch,
  parseSlotIndex,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { SlotCommand } from '../slots/slot-messages.ts';
import { AttemptsRunner } from './attempts-runner.ts';
import type { SlotStartOptions } from './attempts-runner.ts';

const self = parseTaskManagerId('tm');
const key = { jobId: parseJobId('j'), attempt: parseAttemptNumber(1) };

describe('what heartbeats tell of a slot', () => {
  test('is what it sampled last, but of a finished subtask its last words', async () => {
    const world = await running();

    world.slot.onReport({ kind: 'metrics', samples: [sent('0', 5), sent('1', 3)] });
    world.slot.onReport({ kind: 'task-report', report: finished('0', [sent('0', 9)]) });

    expect(world.runner.samples.map(({ value }) => value).sort()).toStrictEqual([3, 9]);
    expect(world.sent.at(-1)).toMatchObject({ kind: 'task-report', report: { metrics: [{ value: 9 }] } });
  });

  test('is nothing once its thread has ended', async () => {
    const world = await running();

    world.slot.onReport({ kind: 'metrics', samples: [sent('0', 5)] });
    world.slot.onEnd(undefined);

    expect(world.runner.samples).toStrictEqual([]);
    expect(world.sent.map(({ kind }) => kind)).toStrictEqual(['attempt-ended']);
  });
});

describe('a preparation', () => {
  test('that is cancelled while it connects ends, closes the exchange, and starts no thread', async () => {
    const world = new World({ connects: false });
    world.deploy();
    await settle();

    world.tell({ kind: 'cancel', ...key });
    await settle();

    expect(world.sent.map(({ kind }) => kind)).toStrictEqual(['attempt-ended']);
    expect([world.started.length, world.closed]).toStrictEqual([0, 1]);
  });

  test('that does not come about in time fails the attempt', async () => {
    const world = new World({ connects: false });
    world.deploy();
    await settle();

    world.timers.forEach((fire) => {
      fire();
    });
    await settle();

    expect(world.sent.map(({ kind }) => kind)).toStrictEqual(['attempt-failed', 'attempt-ended']);
    expect(world.closed).toBe(1);
  });
});

test('abandoning all ends when the last thread has ended; one that does not is ended from outside', async () => {
  const world = await running();
  let isOver = false;
  const over = world.runner.abandonAll().then(() => {
    isOver = true;
  });
  await settle();
  const before = isOver;

  world.timers.forEach((fire) => {
    fire();
  });
  const isTerminated = world.isTerminated;
  world.slot.onEnd(undefined);
  await over;

  expect([before, isTerminated, isOver]).toStrictEqual([false, true, true]);
  expect(world.posted).toStrictEqual(['cancel']);
});

class World {
  readonly sent: FromTaskManager[] = [];
  readonly started: SlotStartOptions<number>[] = [];
  readonly posted: SlotCommand['kind'][] = [];
  readonly timers: (() => void)[] = [];
  readonly runner: AttemptsRunner<number>;
  isTerminated = false;
  closed = 0;

  constructor({ connects }: { readonly connects: boolean }) {
    this.runner = new AttemptsRunner<number>({
      taskManager: self,
      slotCount: 1,
      exchange: {
        address: 'tm:1',
        openAttempt: () => ({
          takePorts: (slot) => slot,
          connect: async (signal) => {
            await (connects ? Promise.resolve() : untilAborted(signal));
          },
          endSlot: () => undefined,
          close: () => {
            this.closed += 1;
          },
        }),
        close: async () => {
          await Promise.resolve();
        },
      },
      startSlot: (options) => {
        this.started.push(options);
        return {
          post: ({ kind }) => this.posted.push(kind),
          terminate: () => {
            this.isTerminated = true;
          },
        };
      },
      fetchModule: async () => await Promise.resolve('job.mjs'),
      send: (message) => this.sent.push(message),
      refuseLeader: () => undefined,
      after: (_, callback) => this.timers.push(callback),
      monotonicMs: () => 0,
      logger: silentLogger,
    });
  }

  /** The only slot's. */
  get slot(): SlotStartOptions<number> {
    return this.started[0]!;
  }

  tell(message: Parameters<typeof command>[0]): void {
    this.runner.raise(command(message));
  }

  deploy(): void {
    const slots = [{ slot: 0, taskManager: self, slotIndex: parseSlotIndex(0), dataAddress: 'tm:1' }];
    const deployment: Deployment = {
      ...key,
      module: { kind: 'path', path: 'job.mjs' },
      args: {},
      defaultParallelism: 1,
      maxParallelism: 128,
      parallelismOverrides: {},
      quarantined: [],
      fingerprint: 'f',
      slots,
      checkpointing: {
        lineage: 'l',
        directory: 'memory',
        restore: undefined,
        clusterId: 'c',
        transactionPool: 4,
      },
    };
    this.tell({ kind: 'deploy', deployment });
  }
}

async function running(): Promise<World> {
  const world = new World({ connects: true });
  world.deploy();
  await settle();
  return world;
}

function command(
  message: Extract<Parameters<AttemptsRunner<number>['raise']>[0], { kind: 'command' }>['message'],
): Parameters<AttemptsRunner<number>['raise']>[0] {
  return { kind: 'command', leaderEpoch: parseLeaderEpoch(1n), message };
}

function sent(subtask: string, value: number): MetricSample {
  return { name: 'records_sent', kind: 'counter', labels: { vertex: 'v', subtask, topic: 't' }, value };
}

function finished(subtask: string, metrics: readonly MetricSample[]): TaskReport {
  const at = { vertex: parseVertexId('v'), subtask: parseSubtaskIndex(Number(subtask)) };
  return { ...key, ...at, state: 'finished', metrics };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new StreamError({ code: 'exchange-peer-unreachable', reaction: 'restart-job', message: 'no stream' }));
    });
  });
}

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) {
    await Promise.resolve();
  }
}
