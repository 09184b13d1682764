import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { openEtcd } from '../../shared/etcd/etcd-client.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { EtcdElection } from './etcd-election.ts';
import { leaderElectionConformance } from './leader-election.conformance.ts';

const settings: EtcdSettings = {
  endpoints: [(process.env['ETCD_ENDPOINTS'] ?? 'http://127.0.0.1:12379').replace(/^https?:\/\//, '')],
  timeoutMs: 3_000,
  prefix: `/nerve/test-${randomUUID()}/`,
  login: undefined,
  tls: undefined,
};
const etcd = openEtcd(settings);

afterAll(async () => {
  await etcd.delete().prefix(settings.prefix);
  etcd.close();
});

leaderElectionConformance('etcd', async () => {
  const opened: EtcdElection[] = [];
  return await Promise.resolve({
    contender: async () => {
      const address = `127.0.0.1:${opened.length + 1}`;
      const election = new EtcdElection({ etcd: settings, leaseMs: 3_000, address, logger: silentLogger });
      opened.push(election);
      return await Promise.resolve(election);
    },
    close: async () => {
      await Promise.all(opened.map(async (each) => await each.close()));
    },
  });
});

test('a leader holds its lease for longer than it lasts, while its own thread is busy for longer than it lasts', async () => {
  const election = new EtcdElection({ etcd: settings, leaseMs: 2_000, address: 'here:1', logger: silentLogger });
  const leadership = await election.campaign(new AbortController().signal);

  const end = performance.now() + 10_000;
  while (performance.now() < end) {
    // Nothing else runs in this thread.
  }

  expect(leadership?.isProven()).toBe(true);
  const { kvs } = await etcd.kv.range({ key: Buffer.from(`${settings.prefix}leader`) });
  expect(kvs[0]?.create_revision).toBe(String(leadership?.epoch));
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect([leadership?.isProven(), leadership?.lost.aborted]).toStrictEqual([true, false]);
  await election.close();
});

test('a leader whose lease is revoked by an operator is told so', async () => {
  const election = new EtcdElection({ etcd: settings, leaseMs: 3_000, address: 'here:1', logger: silentLogger });
  const leadership = await election.campaign(new AbortController().signal);
  const { kvs } = await etcd.kv.range({ key: Buffer.from(`${settings.prefix}leader`) });

  const lost = new Promise((resolve) => leadership?.lost.addEventListener('abort', resolve));
  await etcd.leaseClient.leaseRevoke({ ID: kvs[0]?.lease ?? '' });

  await lost;
  expect(leadership?.isProven()).toBe(false);
  await election.close();
});
