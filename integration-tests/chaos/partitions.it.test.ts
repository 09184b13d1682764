import { describe, expect, test } from 'vitest';
import type { Failure } from '../../shared/failure/failure.ts';
import { eventually } from '../harness/eventually.ts';
import type { ChaosRun } from './chaos-run.ts';
import { scenario } from './scenario.ts';

describe.concurrent('task managers that are cut off from their coordinator', () => {
  test('for a moment, by a broken connection, come back with their running tasks: no restart', async () => {
    await scenario({ name: 'cut-moment', relayed: true }, async (run) => {
      await run.start();
      const attempt = await run.attempt();

      run.cluster.relays[0]!.breakConnections();
      await run.cluster.logged('coordinator-lost', 2);
      await run.flows('after the connection broke');
      expect(await run.attempt()).toBe(attempt);
    });
  });

  test.each(['both', 'requests', 'answers'] as const)(
    'until they are taken for lost, by a network that loses %s, go on harmlessly, and their work is done again',
    async (blocked) => {
      await scenario({ name: 'cut-long', relayed: true }, async (run) => {
        await run.start();

        run.cluster.relays[0]!.block(blocked);
        await run.cluster.logged(blocked === 'answers' ? 'coordinator-lost' : 'task-manager-lost', 1);
        run.cluster.relays[0]!.block('nothing');
        await run.flows('after the partition');
      });
    },
  );
});

/** `heartbeat.timeout` of the scenarios (chaos-run.ts): the longest silence between two task managers. */
const SILENCE_MS = 4_000;
/** Threads that report and a log that is read, on a machine that has other work. */
const NOTICED_MS = 4_000;
/** From then on an attempt that cannot connect its task managers is given up (attempts-runner.ts). */
const CONNECT_MS = 20_000;

describe.concurrent('two task managers that both reach their coordinator, but not each other', () => {
  test.each(['both', 'requests', 'answers'] as const)(
    'in a network that holds up %s: the attempt fails and names the peer, the next ones say what they miss, and the job goes on when it heals',
    async (blocked) => {
      await scenario({ name: 'peers-cut', relayedData: true }, async (run) => {
        await run.start();
        const attempt = await run.attempt();
        const link = run.cluster.dataRelays[1]!;

        link.block(blocked);
        expect(await noticed(run, 'exchange-peer-lost')).toContain('the stream to task manager tm-');
        await eventually(
          'an attempt finds its peer unreachable',
          async () => (await failuresOf(run)).find(({ code }) => code === 'exchange-peer-unreachable'),
          2 * CONNECT_MS,
        );
        expect((await run.cluster.admin.cluster()).taskManagers).toHaveLength(2);
        expect(link.counts.heldBack).toBeGreaterThan(0);
        link.block('nothing');
        await run.flows('after the partition');

        expect(await run.attempt()).toBeGreaterThan(attempt);
        const unreachable = (await failuresOf(run)).find(({ code }) => code === 'exchange-peer-unreachable');
        expect(unreachable?.message).toMatch(/No data stream to task manager tm-[01] came about in time/);
      });
    },
  );

  test.each(['both', 'requests', 'answers'] as const)(
    'over a connection that swallows %s and is never reset: noticed within the bound of silence, and the next connection serves',
    async (swallowed) => {
      await scenario({ name: 'peers-lost', relayedData: true }, async (run) => {
        await run.start();
        const attempt = await run.attempt();
        const link = run.cluster.dataRelays[1]!;
        const dialled = link.counts.connections;

        link.swallow(swallowed);
        expect(await noticed(run, 'exchange-peer-lost')).toContain('the stream to task manager tm-');
        await run.restartedSince(attempt);
        await run.flows('over another connection');

        expect(link.counts.swallowedBytes).toBeGreaterThan(0);
        expect(link.counts.connections).toBeGreaterThan(dialled);
      });
    },
  );

  test('where a third reaches one of them: the job goes on there while the partition holds', async () => {
    await scenario({ name: 'peers-spare', relayedData: true, taskManagers: 3 }, async (run) => {
      await run.start();
      const before = await taskManagersOf(run);
      const link = run.cluster.dataRelays[Number(before.at(-1)?.replace('tm-', ''))]!;

      link.block('both');
      await noticed(run, 'exchange-peer-lost');
      await eventually(
        'an attempt finds its peer unreachable',
        async () => (await failuresOf(run)).find(({ code }) => code === 'exchange-peer-unreachable'),
        2 * CONNECT_MS,
      );
      await run.flows('while the partition holds');

      expect(link.counts.heldBack).toBeGreaterThan(0);
      expect(await taskManagersOf(run)).not.toStrictEqual(before);
      link.block('nothing');
    });
  });

  test('for less than the bound of silence: the job waits, and nothing fails', async () => {
    await scenario({ name: 'peers-stall', relayedData: true }, async (run) => {
      await run.start();
      const attempt = await run.attempt();
      const link = run.cluster.dataRelays[1]!;
      const stalledAt = performance.now();

      link.block('both');
      await eventually('the stall has lasted', () =>
        performance.now() - stalledAt > STALL_MS && link.counts.heldBack > 0 ? true : undefined,
      );
      link.block('nothing');
      await run.flows('after the stall');

      expect(await run.attempt()).toBe(attempt);
      expect(await failuresOf(run)).toStrictEqual([]);
    });
  });
});

/** Well below SILENCE_MS, of which a part may have passed since the last sign of life; above what was borne before, 1 s. */
const STALL_MS = 2_200;

/** The message of the failure, which must come within the bound of silence. */
async function noticed(run: ChaosRun, code: string): Promise<string> {
  const { message } = await eventually(
    `${code} is recorded`,
    async () => (await failuresOf(run)).find((failure) => failure.code === code),
    SILENCE_MS + NOTICED_MS,
  );
  return message;
}

/** Those that the job runs on, in the order of their ids: the first dials the other. */
async function taskManagersOf(run: ChaosRun): Promise<readonly string[]> {
  const { subtasks } = await run.cluster.admin.job(run.jobId);
  return [...new Set(subtasks.map(({ taskManager }) => taskManager))].sort();
}

async function failuresOf(run: ChaosRun): Promise<readonly Failure[]> {
  return (await run.cluster.admin.job(run.jobId)).failures.map(({ failure }) => failure);
}

describe.concurrent('a job that is cancelled', () => {
  test('never runs again, though the coordinator dies while it ends, and after', async () => {
    await scenario({ name: 'cancelled', endsEarly: true }, async (run) => {
      await run.start();

      const asked = run.cluster.admin.cancel(run.jobId).catch(() => undefined);
      await run.cluster.coordinator.kill();
      await asked;
      run.cluster.startCoordinator();
      await eventually('the job is cancelled', async () => await run.cancelled(), 120_000);
      const visible = run.output.records.length;
      await run.cluster.coordinator.kill();
      run.cluster.startCoordinator();
      await run.cluster.registered(2);
      await run.output.toTheEnd();

      expect((await run.cluster.admin.job(run.jobId)).summary.state).toBe('cancelled');
      expect(run.output.records.length).toBe(visible);
    });
  });
});
