import { armNodeFailpoints } from '../shared/failpoints/node-failpoints.ts';
import { nodeLogger } from '../shared/log/node-logger.ts';
import { classifyUnknown, formatFailure, StreamError } from '../shared/failure/failure.ts';
import type { Logger } from '../shared/log/logger.ts';
import { openMetricsEndpoint } from '../shared/metrics/http-metrics.ts';
import type { MetricsEndpoint } from '../shared/metrics/http-metrics.ts';
import { VERSION } from '../shared/version.ts';
import { clusterMetrics } from './api/cluster-metrics.ts';
import type { Leadership } from './election/leader-election.ts';
import { wireElection, wireLoop, wireServer } from './wiring.ts';
import type { CoordinatorSettings } from './wiring.ts';

export type { CoordinatorSettings } from './wiring.ts';

export interface CoordinatorHooks {
  /** Called once, with host:port, when task managers and clients can connect. */
  readonly onListening?: (address: string) => void;
}

/**
 * Runs a coordinator until the signal aborts: then it accepts nothing more and ends; jobs are not cancelled, their tasks go
 * on and wait for the next leader. Resolves to the exit code: 0 ended as asked, 4 another coordinator leads now.
 * @throws StreamError when it cannot start (a port in use) or must not go on (the store's outcome is unknown).
 */
export async function runCoordinator(
  settings: CoordinatorSettings,
  signal: AbortSignal,
  hooks: CoordinatorHooks = {},
): Promise<number> {
  armNodeFailpoints('coordinator');
  const logger = nodeLogger('coordinator', settings.configuration['log.level']);
  logger.info('coordinator-starting', { version: VERSION, pid: process.pid });
  const leadership = await wireElection().campaign(signal);
  if (leadership === undefined) {
    return 0;
  }
  try {
    await lead(settings, leadership, { logger, signal, hooks });
  } catch (error) {
    const failure = classifyUnknown(error, 'coordinator');
    if (failure.reaction === 'stop-quietly') {
      logger.info('coordinator-fenced', { failure: formatFailure(failure) });
      return FENCED;
    }
    logger.error('coordinator-failed', { code: failure.code, failure: formatFailure(failure) });
    throw error instanceof StreamError ? error : new StreamError(failure, { cause: error });
  } finally {
    await leadership.resign();
  }
  logger.info('coordinator-stopped');
  return leadership.lost.aborted ? FENCED : 0;
}

/** Not an error, and not an end that was asked for: a supervisor starts the process again, and it waits for its turn. */
const FENCED = 4;

interface Run {
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly hooks: CoordinatorHooks;
}

async function lead(settings: CoordinatorSettings, { epoch, lost }: Leadership, run: Run): Promise<void> {
  const { logger, hooks } = run;
  const loop = wireLoop(settings, epoch, logger);
  const server = await wireServer(settings, loop, logger);
  let metrics: MetricsEndpoint | undefined;
  try {
    const port = settings.configuration['metrics.port'];
    if (port !== undefined) {
      const host = settings.configuration['metrics.host'];
      metrics = await openMetricsEndpoint({ host, port, samples: () => clusterMetrics(loop.state) });
      logger.info('metrics-listening', { address: metrics.address });
    }
    logger.info('coordinator-leading', { address: server.address, epoch });
    hooks.onListening?.(server.address);
    await loop.run(AbortSignal.any([run.signal, lost]));
  } finally {
    server.close();
    await metrics?.close();
  }
}
