import { nodeClock } from '../shared/clock/node-clock.ts';
import { armNodeFailpoints } from '../shared/failpoints/node-failpoints.ts';
import { nodeLogger } from '../shared/log/node-logger.ts';
import { classifyUnknown, formatFailure, isAbort, StreamError } from '../shared/failure/failure.ts';
import type { Logger } from '../shared/log/logger.ts';
import { openMetricsEndpoint } from '../shared/metrics/http-metrics.ts';
import type { MetricsEndpoint } from '../shared/metrics/http-metrics.ts';
import type { MetricSample } from '../shared/metrics/metrics.ts';
import { VERSION } from '../shared/version.ts';
import { clusterMetrics, leaderMetric } from './api/cluster-metrics.ts';
import type { CoordinatorServer } from './api/grpc-coordinator-server.ts';
import { whileSweeping } from './api/sweep-loop.ts';
import type { Leadership } from './election/leader-election.ts';
import { findSettingsProblems } from './settings.ts';
import type { JobStore } from './job-store/job-store.ts';
import { servedBy, wireCandidacy, wireDirectory, wireLoop, wireServer, wireSnapshots } from './wiring.ts';
import type { Candidacy, CoordinatorSettings } from './wiring.ts';

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
  checkSettings(settings);
  const logger = nodeLogger('coordinator', settings.configuration['log.level']);
  logger.info('coordinator-starting', { version: VERSION, pid: process.pid });
  const shown: ShownMetrics = { samples: () => [leaderMetric(false)] };
  const metrics = await openMetrics(settings, shown, logger);
  const directory = wireDirectory(settings);
  try {
    const server = await wireServer(settings, directory);
    try {
      const candidacy = await wireCandidacy(settings, server.address, logger);
      try {
        return await campaign(settings, candidacy, { logger, signal, hooks, server, shown });
      } finally {
        await candidacy.election.close();
        await candidacy.store.close();
      }
    } finally {
      server.close();
    }
  } finally {
    directory?.close();
    await metrics?.close();
  }
}

/** A standby is healthy too: its endpoint answers from the start. */
async function openMetrics(
  { configuration }: CoordinatorSettings,
  shown: ShownMetrics,
  logger: Logger,
): Promise<MetricsEndpoint | undefined> {
  const port = configuration['metrics.port'];
  if (port === undefined) {
    return undefined;
  }
  const host = configuration['metrics.host'];
  const endpoint = await openMetricsEndpoint({ host, port, samples: () => shown.samples() });
  logger.info('metrics-listening', { address: endpoint.address });
  return endpoint;
}

/** Waits for its turn, leads, and gives it up. */
async function campaign(settings: CoordinatorSettings, { store, election }: Candidacy, run: Run): Promise<number> {
  const { logger, server } = run;
  logger.info('coordinator-standby', { address: server.address });
  const leadership = await election.campaign(run.signal);
  if (leadership === undefined) {
    return 0;
  }
  try {
    await lead(settings, leadership, { ...run, store });
  } catch (error) {
    const failure = classifyUnknown(error, 'coordinator');
    if (failure.reaction === 'stop-quietly') {
      logger.info('coordinator-fenced', { failure: formatFailure(failure) });
      return FENCED;
    }
    logger.error('coordinator-failed', { code: failure.code, failure: formatFailure(failure) });
    throw error instanceof StreamError ? error : new StreamError(failure, { cause: error });
  } finally {
    // What was sent is answered, or broken off, before another can lead.
    server.close();
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
  readonly server: CoordinatorServer;
  readonly shown: ShownMetrics;
}

/** What the endpoint answers at the moment. */
interface ShownMetrics {
  samples: () => readonly MetricSample[];
}

async function lead(
  settings: CoordinatorSettings,
  leadership: Leadership,
  run: Run & { readonly store: JobStore },
): Promise<void> {
  const { logger, hooks, server, shown, store } = run;
  const { epoch, lost } = leadership;
  const sinceMs = nodeClock.nowMs();
  const snapshots = await wireSnapshots(settings);
  const isProven = (): boolean => leadership.isProven();
  const parts = { epoch, isProven, store, snapshots, logger };
  const loop = wireLoop(settings, parts);
  const ending = AbortSignal.any([run.signal, lost]);
  try {
    // Before anybody can ask: who asks too early would hear that there are no jobs.
    await loop.recover(ending);
    const served = servedBy(settings, loop, parts);
    server.lead(served, { epoch, sinceMs, isProven });
    shown.samples = () => [leaderMetric(isProven()), ...clusterMetrics(loop.state, nodeClock.monotonicMs())];
    logger.info('coordinator-leading', { address: server.address, epoch });
    hooks.onListening?.(server.address);
    await whileSweeping(served, async () => {
      await loop.run(ending);
    });
  } catch (error) {
    if (!(ending.aborted && isAbort(error))) {
      throw error;
    }
  } finally {
    shown.samples = () => [leaderMetric(false)];
    await snapshots.close();
  }
}

function checkSettings({ configuration }: CoordinatorSettings): void {
  const problems = findSettingsProblems(configuration);
  if (problems.length > 0) {
    throw new StreamError({
      code: 'configuration-contradictory',
      reaction: 'fail-job',
      message: problems.join('\n'),
      remedy: 'Correct the configuration; "nerve config" and docs/CONFIGURATION.md describe each key.',
    });
  }
}
