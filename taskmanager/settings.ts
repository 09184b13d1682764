import type { Configuration } from '../shared/config/options.ts';
import type { ConnectorSettings } from '../shared/connector/connector-settings.ts';
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
  };
}
