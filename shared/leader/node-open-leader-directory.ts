import { nodeClock } from '../clock/node-clock.ts';
import type { Configuration } from '../config/options.ts';
import { etcdSettings } from '../etcd/node-etcd-settings.ts';
import { EtcdLeaderDirectory } from './etcd-leader-directory.ts';
import { GrpcLeaderDirectory } from './grpc-leader-directory.ts';
import type { LeaderDirectory } from './leader-directory.ts';

/** By `high-availability.type`: etcd's leader key, or the coordinators of `coordinator.rpc.addresses` themselves. */
export function openLeaderDirectory(configuration: Configuration): LeaderDirectory {
  return configuration['high-availability.type'] === 'etcd'
    ? new EtcdLeaderDirectory(etcdSettings(configuration))
    : new GrpcLeaderDirectory(configuration['coordinator.rpc.addresses'], nodeClock);
}
