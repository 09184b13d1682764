import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import { openEtcd } from '../../shared/etcd/etcd-client.ts';
import { EtcdMembers } from '../../shared/etcd/etcd-members.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import { EtcdJobStore } from './etcd-job-store.ts';
import { jobStoreConformance } from './job-store.conformance.ts';

const settings: EtcdSettings = {
  endpoints: [(process.env['ETCD_ENDPOINTS'] ?? 'http://127.0.0.1:12379').replace(/^https?:\/\//, '')],
  timeoutMs: 5_000,
  prefix: `/nerve/test-${randomUUID()}/`,
  login: undefined,
  tls: undefined,
};
const etcd = openEtcd(settings);

afterAll(async () => {
  await etcd.delete().prefix(settings.prefix);
  etcd.close();
});

jobStoreConformance('etcd', async () => {
  const store = new EtcdJobStore(new EtcdMembers(settings));
  return await Promise.resolve({
    store,
    lead: async () => {
      await etcd.delete().key(`${settings.prefix}leader`);
      const { header } = await etcd.put(`${settings.prefix}leader`).value('{}');
      return parseLeaderEpoch(BigInt(header.revision));
    },
    close: async () => {
      await store.close();
    },
  });
});
