import { describe, test } from 'vitest';
import type { TestContext } from 'vitest';
import { EtcdElection } from '../../coordinator/election/etcd-election.ts';
import type { Leadership } from '../../coordinator/election/leader-election.ts';
import { EtcdJobStore } from '../../coordinator/job-store/etcd-job-store.ts';
import type { JobTransaction, TransactionAnswer } from '../../coordinator/job-store/job-store.ts';
import { EtcdMembers } from '../../shared/etcd/etcd-members.ts';
import { parseJobId } from '../../shared/ids.ts';
import { EtcdLeaderDirectory } from '../../shared/leader/etcd-leader-directory.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { eventually } from '../harness/eventually.ts';
import { EtcdClusterUnderTest } from './etcd-cluster-under-test.ts';

const { signal } = new AbortController();
const call = { deadlineMs: 5_000, signal };
/** An etcd that has lost its own leader elects the next one within it, also on two cores that other tests use. */
const LEASE_MS = 8_000;

describe.concurrent('an etcd of three members', () => {
  test.for(['SIGKILL', 'SIGSTOP'] as const)(
    'of which any one is gone (%s) keeps the leader in office, and its records are written',
    async (how, context) => {
      const { expect } = context;
      const { cluster, leadership, store } = await start(context);
      let revision = 0n;
      for (const index of [0, 1, 2]) {
        cluster.signal(index, how);
        const end = performance.now() + LEASE_MS + 1_500;
        while (performance.now() < end) {
          const answer = await definite(store, putting(leadership, `${index}`, revision));
          revision = answer.kind === 'done' ? answer.revision : 0n;
          expect([answer.kind, leadership.isProven()]).toStrictEqual(['done', true]);
        }
        if (how === 'SIGKILL') {
          cluster.up(index);
        } else {
          cluster.signal(index, 'SIGCONT');
        }
        await cluster.answers();
      }

      expect((await store.load(call)).map(({ value }) => value)).toStrictEqual(['2']);
    },
  );

  test('that lost its majority leaves nobody in office; with the majority everything is back', async (context) => {
    const { expect } = context;
    const { cluster, leadership, store, election } = await start(context);
    await definite(store, putting(leadership, 'one', 0n));
    cluster.signal(0, 'SIGKILL');
    cluster.signal(1, 'SIGKILL');
    await eventually('the leader has lost', () => (leadership.lost.aborted ? true : undefined));
    const without = await store.transact(putting(leadership, 'two', 0n), { ...call, deadlineMs: 1_000 });
    const directory = new EtcdLeaderDirectory(cluster.settings());
    context.onTestFinished(() => {
      directory.close();
    });
    const unknown = await directory.find({ ...call, deadlineMs: 1_000 });
    cluster.up(0);
    const next = await election.campaign(signal);

    expect([without.kind, unknown.kind]).toStrictEqual(['ambiguous', 'unknown']);
    expect((next?.epoch ?? 0n) > leadership.epoch).toBe(true);
    expect((await store.load(call)).map(({ value }) => value)).toStrictEqual(['one']);
    expect(
      await eventually('the leader is found', async () => {
        const found = await directory.find(call);
        return found.kind === 'leader' ? found.leader.epoch : undefined;
      }),
    ).toBe(next?.epoch);
  });
});

async function start(context: TestContext): Promise<{
  cluster: EtcdClusterUnderTest;
  election: EtcdElection;
  leadership: Leadership;
  store: EtcdJobStore;
}> {
  const cluster = await EtcdClusterUnderTest.start();
  context.onTestFinished(async () => await cluster.wipe());
  const etcd = cluster.settings();
  const election = new EtcdElection({ etcd, leaseMs: LEASE_MS, address: 'a:1', logger: silentLogger });
  context.onTestFinished(async () => await election.close());
  const store = new EtcdJobStore(new EtcdMembers(etcd));
  context.onTestFinished(async () => await store.close());
  const leadership = await election.campaign(signal);
  if (leadership === undefined) {
    throw new Error('it campaigned alone and did not win');
  }
  return { cluster, election, leadership, store };
}

function putting({ epoch }: Leadership, value: string, revision: bigint): JobTransaction {
  return { epoch, writes: [{ key: { kind: 'pointer', jobId: parseJobId('a') }, value, revision }], compares: [] };
}

async function definite(store: EtcdJobStore, transaction: JobTransaction): Promise<TransactionAnswer> {
  return await eventually('a definite answer', async () => {
    const answer = await store.transact(transaction, call);
    return answer.kind === 'ambiguous' ? undefined : answer;
  });
}
