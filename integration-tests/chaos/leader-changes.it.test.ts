import { describe, expect, test } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { TcpRelay } from '../harness/tcp-relay.ts';
import type { ChaosOptions } from './chaos-run.ts';
import type { ChaosRun } from './chaos-run.ts';
import { failpoints, hitsOf } from './chaos-run.ts';
import { scenario } from './scenario.ts';

/** The whole number of the issue is for the soak; here each kill is one more proof. */
const KILLS = Number(process.env['CHAOS_LEADER_KILLS'] ?? '5');
const ETCD = (process.env['ETCD_ENDPOINTS'] ?? 'http://127.0.0.1:12379').replace(/^https?:\/\//, '');

const POINTS = [
  'coordinator.ids-reserved',
  'coordinator.half-triggered',
  'coordinator.after-last-ack',
  'coordinator.metadata-written',
  'coordinator.pointer-written',
  'coordinator.before-commit',
  'coordinator.during-commit',
  'coordinator.marker-written',
  'coordinator.before-notify',
] as const;

describe.concurrent('a leading coordinator that is killed', () => {
  test('again and again under load: no task restarts, processing does not pause, checkpoints go on', async () => {
    await scenario(threeCoordinators({ name: 'ha' }), async (run) => {
      await run.start();
      const uncommitted = await run.uncommittedOutput();
      const attempt = await run.attempt();
      const pauses: number[] = [];
      for (let kill = 0; kill < KILLS; kill += 1) {
        const leader = await run.cluster.leader();
        const killedAt = performance.now();
        await leader.kill();
        run.cluster.startCoordinator(run.cluster.coordinators.indexOf(leader));
        await run.flows('under the next leader');
        pauses.push(performance.now() - killedAt);
        expect(await run.attempt()).toBe(attempt);
        expect(uncommitted.longestPauseMs(killedAt)).toBeLessThan(1_000);
      }
      await uncommitted.close();
      // Five seconds with a core to itself (bench/recovery.bench.ts); here other scenarios run beside it.
      expect(Math.max(...pauses)).toBeLessThan(15_000);
    });
  });

  test.each(POINTS)('at %s is followed by one that goes on from there', async (point) => {
    const nth = point === 'coordinator.ids-reserved' ? 1 : 5;
    await scenario(
      threeCoordinators({ name: 'ha-at', coordinatorEnvironment: failpoints(`${point}=exit@${nth}`) }),
      async (run) => {
        const leader = run.cluster.coordinator;
        await run.begin();

        await run.hit(leader, point);
        expect(await leader.ended()).toBe('SIGKILL');
        await run.flows('under the next leader');
        expect(hitsOf(leader, point)).toBe(1);
      },
    );
  });
});

describe.concurrent('a leading coordinator that is cut off', () => {
  test('by a pause beyond its lease finds on waking that another leads, does nothing, and exits', async () => {
    await scenario(threeCoordinators({ name: 'ha-stop' }), async (run) => {
      await run.start();
      const frozen = await run.cluster.leader();

      frozen.signal('SIGSTOP');
      await anotherLeads(run, frozen.name);
      await run.flows('under the next leader');
      frozen.signal('SIGCONT');

      expect(await frozen.ended()).toBe(4);
      await run.flows('after the old leader woke up');
    });
  });

  test('from etcd alone stops leading before another begins', async () => {
    const relay = await TcpRelay.open(ETCD.split(',')[0]!);
    const configurationOf = { 'coordinator-0': { 'high-availability.etcd.endpoints': relay.address } };
    await scenario(threeCoordinators({ name: 'ha-cut', configurationOf }), async (run) => {
      await run.start();
      const cut = run.cluster.coordinator;

      relay.block('both');
      expect(await cut.ended()).toBe(4);
      await run.flows('under the next leader');
      relay.block('nothing');
      run.cluster.startCoordinator(0);
      await run.flows('after the partition');
    }).finally(async () => {
      await relay.close();
    });
  });
});

async function anotherLeads(run: ChaosRun, former: string): Promise<void> {
  await eventually(`another coordinator than ${former} leads`, async () => {
    const leader = await run.cluster.leader().catch(() => undefined);
    return leader !== undefined && leader.name !== former ? true : undefined;
  });
}

function threeCoordinators(options: ChaosOptions): ChaosOptions {
  const configuration = {
    'high-availability.type': 'etcd',
    'high-availability.etcd.endpoints': ETCD,
    ...options.configuration,
  };
  return { coordinators: 3, ...options, configuration };
}
