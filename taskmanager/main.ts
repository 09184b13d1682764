import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { temporaryFolder } from '../shared/config/node-temporary-folder.ts';
import type { Deployment, FromTaskManager, Registration } from '../shared/control/messages.ts';
import { armNodeFailpoints } from '../shared/failpoints/node-failpoints.ts';
import { classifyUnknown, formatFailure, StreamError } from '../shared/failure/failure.ts';
import { parseIncarnation, parseTaskManagerId } from '../shared/ids.ts';
import type { LeaderDirectory } from '../shared/leader/leader-directory.ts';
import { openLeaderDirectory } from '../shared/leader/node-open-leader-directory.ts';
import { nodeLogger } from '../shared/log/node-logger.ts';
import type { Logger } from '../shared/log/logger.ts';
import { openMetricsEndpoint } from '../shared/metrics/http-metrics.ts';
import type { MetricsEndpoint } from '../shared/metrics/http-metrics.ts';
import { MetricRegistry } from '../shared/metrics/metric-registry.ts';
import { VERSION } from '../shared/version.ts';
import { AttemptsRunner } from './control/attempts-runner.ts';
import { ControlLoop } from './control/control-loop.ts';
import { GrpcControlClient } from './control/grpc-control-client.ts';
import { NodeModuleCache } from './control/node-module-cache.ts';
import type { TaskManagerExchange } from './exchange/attempt-exchange.ts';
import { openGrpcExchange } from './exchange/grpc-exchange.ts';
import type { SlotPortsTransfer } from './exchange/node-slot-ports.ts';
import { dataPlaneSettings, findSettingsProblems, slotSettings } from './settings.ts';
import type { TaskManagerSettings } from './settings.ts';
import { SlotThreads } from './slots/node-slot-threads.ts';
import { runSweeps } from './slots/node-sweep-local-stores.ts';

export type { TaskManagerSettings } from './settings.ts';

const SLOT_ENTRY = new URL('./slot-main.ts', import.meta.url);

/**
 * Runs a task manager until the signal aborts: then what runs here goes on elsewhere where it can, and it says goodbye and ends. Resolves to the exit code: 0.
 * @throws StreamError when it cannot start (a contradictory configuration, a port in use), or when the coordinator refuses it (another version).
 */
export async function runTaskManager(settings: TaskManagerSettings, signal: AbortSignal): Promise<number> {
  const { configuration } = settings;
  checkSettings(settings);
  const id = configuration['taskmanager.id'] ?? `taskmanager-${randomUUID().slice(0, 8)}`;
  armNodeFailpoints(`taskmanager ${id}`);
  const logger = nodeLogger(`taskmanager ${id}`, configuration['log.level']);
  logger.info('taskmanager-starting', { version: VERSION, pid: process.pid });
  const onUncaught = (error: unknown): void => {
    const failure = classifyUnknown(error, `task manager ${id}`);
    logger.error('taskmanager-crashed', { code: failure.code, failure: formatFailure(failure) });
    // What nobody expected leaves nothing to trust; the tasks end with the process, and the coordinator sees that at once.
    process.exit(1);
  };
  process.on('uncaughtException', onUncaught);
  try {
    await new TaskManager(settings, id, logger).run(signal);
  } catch (error) {
    const failure = classifyUnknown(error, `task manager ${id}`);
    logger.error('taskmanager-failed', { code: failure.code, failure: formatFailure(failure) });
    throw error instanceof StreamError ? error : new StreamError(failure, { cause: error });
  } finally {
    process.off('uncaughtException', onUncaught);
  }
  logger.info('taskmanager-stopped');
  return 0;
}

function checkSettings({ configuration }: TaskManagerSettings): void {
  const problems = findSettingsProblems(configuration);
  if (problems.length > 0) {
    throw new StreamError({
      code: 'configuration-contradictory',
      reaction: 'fail-job',
      message: problems.join('\n'),
      remedy: 'Correct the configuration; "nerve help configuration" and docs/CONFIGURATION.md describe each key.',
    });
  }
}

class TaskManager {
  readonly #settings: TaskManagerSettings;
  readonly #logger: Logger;
  readonly #registry = new MetricRegistry();
  readonly #client: GrpcControlClient;
  readonly #directory: LeaderDirectory;
  readonly #modules: NodeModuleCache;
  readonly #identity: Pick<Registration, 'taskManager' | 'incarnation' | 'slots' | 'version'>;

  constructor(settings: TaskManagerSettings, id: string, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#client = new GrpcControlClient(settings.configuration['heartbeat.timeout']);
    this.#directory = openLeaderDirectory(settings.configuration);
    this.#modules = new NodeModuleCache(join(temporaryFolder(settings.configuration), 'artifacts'));
    this.#identity = {
      taskManager: parseTaskManagerId(id),
      incarnation: parseIncarnation(randomUUID()),
      slots: settings.configuration['taskmanager.numberOfTaskSlots'],
      version: VERSION,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { configuration } = this.#settings;
    const exchange = await openGrpcExchange({
      taskManager: this.#identity.taskManager,
      incarnation: this.#identity.incarnation,
      version: VERSION,
      limits: slotSettings(this.#settings).limits,
      ...dataPlaneSettings(configuration),
      silenceMs: configuration['heartbeat.timeout'],
      clock: nodeClock,
      metrics: this.#registry.group({ task_manager: this.#identity.taskManager }),
    });
    let metrics: MetricsEndpoint | undefined;
    const threads = new SlotThreads({
      entry: SLOT_ENTRY,
      heapMiB: Math.ceil(configuration['taskmanager.slot.heap-size'] / 1024 ** 2),
      size: this.#identity.slots,
      logger: this.#logger,
    });
    const attempts = this.#attemptsOn(exchange, threads, (message) => {
      control.send(message);
    });
    const control = this.#controlOf(attempts, exchange.address);
    this.#leave = (): void => {
      control.dropLeader();
    };
    this.#leader = () => control.leaderAddress;
    const ending = new AbortController();
    const sweeps = runSweeps(this.#storesFolder, nodeClock, ending.signal);
    try {
      metrics = await this.#openMetrics(attempts);
      await control.run(signal);
    } finally {
      ending.abort();
      await sweeps;
      await attempts.abandonAll();
      await threads.close();
      await exchange.close();
      await metrics?.close();
      this.#client.close();
      this.#directory.close();
    }
  }

  /** Of this task manager's local stores, by job. */
  get #storesFolder(): string {
    return join(slotSettings(this.#settings).state.localDir, this.#identity.taskManager);
  }

  #leave: () => void = () => undefined;
  #leader: () => string | undefined = () => undefined;

  #attemptsOn(
    exchange: TaskManagerExchange<SlotPortsTransfer>,
    threads: SlotThreads,
    send: (message: FromTaskManager) => void,
  ): AttemptsRunner<SlotPortsTransfer> {
    const { taskManager, slots } = this.#identity;
    const settings = slotSettings(this.#settings);
    return new AttemptsRunner({
      taskManager,
      slotCount: slots,
      exchange,
      fetchModule: async (deployment, signal) => await this.#fetchModule(deployment, signal),
      startSlot: ({ deployment, slot, modulePath, ports, onReport, onEnd }) =>
        threads.start({ ports, spec: { deployment, slot, modulePath, taskManager, settings } }, { onReport, onEnd }),
      send,
      refuseLeader: () => {
        this.#leave();
      },
      after: (delayMs, callback) => {
        setTimeout(callback, delayMs).unref();
      },
      monotonicMs: () => nodeClock.monotonicMs(),
      logger: this.#logger,
    });
  }

  #controlOf(attempts: AttemptsRunner<SlotPortsTransfer>, dataAddress: string): ControlLoop {
    const { configuration } = this.#settings;
    return new ControlLoop({
      client: this.#client,
      directory: this.#directory,
      identity: { ...this.#identity, dataAddress },
      attempts,
      clock: nodeClock,
      logger: this.#logger,
      graceMs: configuration['coordinator-loss-grace'],
      drainMs: configuration['taskmanager.drain-timeout'],
      ownSamples: () => this.#registry.samples(),
    });
  }

  async #fetchModule({ module }: Deployment, signal: AbortSignal): Promise<string> {
    return await this.#modules.pathOf(module, async (hash) => {
      const address = this.#leader();
      if (address === undefined) {
        throw new StreamError({
          code: 'coordinator-unreachable',
          reaction: 'restart-job',
          message: `the job module ${hash} cannot be fetched: no coordinator is connected`,
        });
      }
      return await this.#client.fetchArtifact(address, hash, signal);
    });
  }

  async #openMetrics(attempts: AttemptsRunner<SlotPortsTransfer>): Promise<MetricsEndpoint | undefined> {
    const { configuration } = this.#settings;
    const port = configuration['metrics.port'];
    if (port === undefined) {
      return undefined;
    }
    const endpoint = await openMetricsEndpoint({
      host: configuration['metrics.host'],
      port,
      samples: () => [...this.#registry.samples(), ...attempts.samples],
    });
    this.#logger.info('metrics-listening', { address: endpoint.address });
    return endpoint;
  }
}
