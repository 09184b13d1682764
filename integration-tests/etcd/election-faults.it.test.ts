import { afterEach, describe, expect, test } from 'vitest';
import { TcpRelay } from '../harness/tcp-relay.ts';
import { CandidateUnderTest } from './candidate-under-test.ts';
import { EtcdUnderTest } from './etcd-under-test.ts';

const PREFIX = '/nerve/election/';
const LEASE_MS = 3_000;
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

describe('a leader by etcd', () => {
  test('that is killed is followed by a standby within the lease and half a second', async () => {
    const etcd = await startEtcd();
    const tookMs: number[] = [];
    for (let kill = 0; kill < 3; kill += 1) {
      const { leader, standby } = await startTwo(etcd.endpoint, etcd.endpoint);
      const killedAtMs = Date.now();
      await leader.kill();
      const { atMs } = await standby.leads();
      tookMs.push(atMs - killedAtMs);
      await standby.kill();
    }

    process.stdout.write(`from kill -9 of the leader to the next one: ${tookMs.join(', ')} ms\n`);
    expect(Math.max(...tookMs)).toBeLessThan(6_000);
  });

  test('that is frozen beyond its lease does nothing any more when it wakes up, and ends', async () => {
    const etcd = await startEtcd();
    const { leader, standby } = await startTwo(etcd.endpoint, etcd.endpoint);
    leader.signal('SIGSTOP');
    const next = await standby.leads();
    await standby.acts(next.atMs + 500);
    leader.signal('SIGCONT');

    expect(await leader.ended()).toBe(4);
    expectHandover(leader, standby);
  });

  test.each(['both', 'requests', 'answers'] as const)(
    'that is cut off from etcd (%s) stops before another begins',
    async (blocked) => {
      const etcd = await startEtcd();
      const relay = await TcpRelay.open(etcd.endpoint);
      closing.push(async () => await relay.close());
      const { leader, standby } = await startTwo(relay.address, etcd.endpoint);
      const cutAtMs = Date.now();
      relay.block(blocked);

      expect(await leader.ended()).toBe(4);
      expect(leader.lastActMs - cutAtMs).toBeLessThan(LEASE_MS);
      await standby.leads();
      expectHandover(leader, standby);
    },
  );

  test('keeps its office when its connections break again and again', async () => {
    const etcd = await startEtcd();
    const relay = await TcpRelay.open(etcd.endpoint);
    closing.push(async () => await relay.close());
    const { leader } = await startTwo(relay.address, etcd.endpoint);
    const end = Date.now() + 2 * LEASE_MS;
    while (Date.now() < end) {
      relay.breakConnections();
      await new Promise((resolve) => setTimeout(resolve, 400));
    }

    await leader.acts(end);
    expect(leader.events.filter(({ event }) => event !== 'acts')).toHaveLength(1);
  });

  test('may lose its office when etcd is killed and restarted, and then one leads again, with a greater epoch', async () => {
    const etcd = await startEtcd();
    const { leader, standby, first } = await startTwo(etcd.endpoint, etcd.endpoint);
    await etcd.kill();
    await new Promise((resolve) => setTimeout(resolve, LEASE_MS + 1_000));
    expect(await leader.ended()).toBe(4);
    await etcd.up();

    const next = await standby.leads(30_000);
    expect(next.epoch > first.epoch).toBe(true);
    expectHandover(leader, standby);
  });

  test('keeps its office over an outage of etcd that is shorter than the lease', async () => {
    const etcd = await startEtcd();
    const { leader } = await startTwo(etcd.endpoint, etcd.endpoint, 10_000);
    await etcd.kill();
    await etcd.up();
    const end = Date.now() + 10_000;

    await leader.acts(end);
    expect(leader.events.filter(({ event }) => event !== 'acts')).toHaveLength(1);
  });

  test('stops while etcd is frozen, and one leads again when it is not', async () => {
    const etcd = await startEtcd();
    const { leader, standby, first } = await startTwo(etcd.endpoint, etcd.endpoint);
    const frozenAtMs = Date.now();
    await etcd.pause();

    expect(await leader.ended()).toBe(4);
    expect(leader.lastActMs - frozenAtMs).toBeLessThan(LEASE_MS + 500);
    await etcd.resume();
    const next = await standby.leads(30_000);
    expect(next.epoch > first.epoch).toBe(true);
    expectHandover(leader, standby);
  });
});

async function startEtcd(): Promise<EtcdUnderTest> {
  const etcd = await EtcdUnderTest.start();
  closing.push(async () => await etcd.wipe());
  return etcd;
}

async function startTwo(
  leaderEndpoint: string,
  standbyEndpoint: string,
  leaseMs = LEASE_MS,
): Promise<{
  leader: CandidateUnderTest;
  standby: CandidateUnderTest;
  first: Awaited<ReturnType<CandidateUnderTest['leads']>>;
}> {
  const leader = new CandidateUnderTest(leaderEndpoint, PREFIX, 'first', leaseMs);
  closing.push(async () => await leader.kill());
  const first = await leader.leads();
  const standby = new CandidateUnderTest(standbyEndpoint, PREFIX, 'second', leaseMs);
  closing.push(async () => await standby.kill());
  // Its thread and its watch are there: it waits hot.
  await leader.acts(Date.now() + 1_500);
  return { leader, standby, first };
}

/** Nothing was done by the former leader when the next one led already. */
function expectHandover(former: CandidateUnderTest, next: CandidateUnderTest): void {
  const leads = next.events.find(({ event }) => event === 'leads');
  expect(former.lastActMs).toBeLessThan(leads?.atMs ?? 0);
  expect((leads?.epoch ?? 0n) > (former.events[0]?.epoch ?? 0n)).toBe(true);
}
