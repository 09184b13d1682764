import { join } from 'node:path';
import type { Configuration } from '../shared/config/options.ts';
import { temporaryFolder } from '../shared/config/node-temporary-folder.ts';
import type { ConnectorSettings } from '../shared/connector/connector-settings.ts';
import { s3Settings } from '../shared/snapshot-store/node-open-snapshot-store.ts';
import { defaultExchangeLimits } from './exchange/exchange-limits.ts';
import type { SlotSettings } from './slots/slot-messages.ts';

/** What the cluster's configuration says, parsed, and the keys that connectors read. */
export interface TaskManagerSettings {
  readonly configuration: Configuration;
  readonly connectors: ConnectorSettings;
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
