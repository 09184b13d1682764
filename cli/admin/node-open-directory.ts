import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { Configuration } from '../../shared/config/options.ts';
import { GrpcLeaderDirectory } from '../../shared/leader/grpc-leader-directory.ts';
import type { LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import { openLeaderDirectory } from '../../shared/leader/node-open-leader-directory.ts';
import { PreferredLeaderDirectory } from './preferred-leader-directory.ts';

/** Where etcd says who leads and cannot be reached from here, the coordinators of `coordinator.rpc.addresses` are believed. */
export function openDirectory(configuration: Configuration): LeaderDirectory {
  const preferred = openLeaderDirectory(configuration);
  return configuration['high-availability.type'] === 'etcd'
    ? new PreferredLeaderDirectory(
        preferred,
        new GrpcLeaderDirectory(configuration['coordinator.rpc.addresses'], nodeClock),
      )
    : preferred;
}
