import { randomUUID } from 'node:crypto';
import { openEtcd } from '../etcd/etcd-client.ts';
import { parseLeaderEpoch } from '../ids.ts';
import { EtcdLeaderDirectory } from './etcd-leader-directory.ts';
import { leaderDirectoryConformance } from './leader-directory.conformance.ts';
import { formatLeaderRecord } from './leader-record-wire.ts';

leaderDirectoryConformance('etcd', async () => {
  const settings = {
    endpoints: [(process.env['ETCD_ENDPOINTS'] ?? 'http://127.0.0.1:12379').replace(/^https?:\/\//, '')],
    timeoutMs: 5_000,
    prefix: `/nerve/test-${randomUUID()}/`,
    login: undefined,
    tls: undefined,
  };
  const etcd = openEtcd(settings);
  const key = `${settings.prefix}leader`;
  return await Promise.resolve({
    directory: new EtcdLeaderDirectory(settings),
    elect: async (elected) => {
      await etcd.delete().key(key);
      if (elected === undefined) {
        return undefined;
      }
      const { header } = await etcd.put(key).value(formatLeaderRecord({ id: 'x', ...elected }));
      return { ...elected, epoch: parseLeaderEpoch(BigInt(header.revision)) };
    },
    close: async () => {
      await etcd.delete().key(key);
      etcd.close();
    },
  });
});
