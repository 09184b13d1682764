import { join } from 'node:path';
import type { Configuration } from '../shared/config/options.ts';
import { temporaryFolder } from '../shared/config/node-temporary-folder.ts';
import type { ConnectorSettings } from '../shared/connector/connector-settings.ts';
import { s3Settings } from '../shared/snapshot-store/node-open-snapshot-store.ts';
import type { DataPlaneAddresses } from './exchange/attempt-exchange.ts';
import { defaultExchangeLimits } from './exchange/exchange-limits.ts';
import type { SlotSettings } from './slots/slot-messages.ts';

/** What the cluster's configuration says, parsed, and the keys that connectors read. */
export interface TaskManagerSettings {
  readonly configuration: Configuration;
  readonly connectors: ConnectorSettings;
}

/** Everything that is wrong with the configuration of a task manager beyond the form of its single values, as sentences. */
export function findSettingsProblems(configuration: Configuration): readonly string[] {
  const { 'taskmanager.host': host, 'taskmanager.advertised-host': advertisedHost } = configuration;
  const { 'taskmanager.data.port': port, 'taskmanager.data.advertised-port': advertisedPort } = configuration;
  const problems: string[] = [];
  if (advertisedHost === undefined && ANY_ADDRESS.has(host)) {
    problems.push(`taskmanager.host is ${host}, which nobody can dial: set taskmanager.advertised-host`);
  }
  if (advertisedHost !== undefined && ANY_ADDRESS.has(advertisedHost)) {
    problems.push(
      `taskmanager.advertised-host is ${advertisedHost}, which nobody can dial: name the host that others reach`,
    );
  }
  if (advertisedPort === 0) {
    problems.push(
      'taskmanager.data.advertised-port is 0, which nobody can dial: leave it out, or name the port that others reach',
    );
  } else if (advertisedPort !== undefined && port === 0) {
    problems.push(
      `taskmanager.data.advertised-port is ${advertisedPort}, but taskmanager.data.port is 0, any free one: nothing can pass on to it; set both`,
    );
  }
  return problems;
}

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '[::]']);

/** Where the data plane of a task manager listens, and under which address others reach it. */
export function dataPlaneSettings(configuration: Configuration): DataPlaneAddresses {
  const host = configuration['taskmanager.host'];
  return {
    bindHost: host,
    port: configuration['taskmanager.data.port'],
    advertisedHost: configuration['taskmanager.advertised-host'] ?? host,
    advertisedPort: configuration['taskmanager.data.advertised-port'],
  };
}

/** What the slots' threads need of it. */
export function slotSettings({ configuration, connectors }: TaskManagerSettings): SlotSettings {
  return {
    limits: {
      ...defaultExchangeLimits,
      frameBytes: configuration['taskmanager.network.frame-size'],
      creditsMax: configuration['taskmanager.network.credits-per-channel'],
      recordBytesMax: configuration['taskmanager.network.record-size-max'],
    },
    flushAfterMs: configuration['taskmanager.network.flush-after'],
    connectors,
    logLevel: configuration['log.level'],
    state: {
      backend: configuration['state.backend'],
      localDir: configuration['state.local-dir'] ?? join(temporaryFolder(configuration), 'state'),
      limits: {
        dirtySoftBytes: configuration['state.dirty-soft-limit'],
        dirtyHardBytes: configuration['state.dirty-hard-limit'],
        cacheBytes: configuration['state.cache-size'],
      },
      s3: s3Settings(configuration),
    },
  };
}
