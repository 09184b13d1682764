import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdminClient, JobDetail, Submission } from '../../cli/admin/admin-client.ts';
import { hasEnded } from '../../cli/admin/admin-client.ts';
import { grpcAdminClient } from '../../cli/admin/grpc-admin-client.ts';
import { prepareJob } from '../../cli/job/node-prepare-job.ts';
import { freePorts } from '../../connectors/kafka/node-free-ports-testing.ts';
import { required } from '../../shared/invariant.ts';
import { eventually } from './eventually.ts';
import { ProcessUnderTest } from './process-under-test.ts';
import { TcpRelay } from './tcp-relay.ts';
import { runNerve } from './run-nerve.ts';
import type { NerveRun } from './run-nerve.ts';

const LINES_SHOWN = 20;
/** Where processes listen, and where relays stand before them under the same port numbers (Linux has all of 127.0.0.0/8). */
const LOOPBACK = '127.0.0.1';
const RELAYS = '127.0.0.2';
/** Several processes start at once on a few cores: each takes a second of one of them. */
const START_MS = 90_000;

export interface ClusterOptions {
  readonly taskManagers: number;
  readonly slots: number;
  /** Default 1. More need `high-availability.type: etcd` in the configuration. */
  readonly coordinators?: number;
  /** Whether everybody reaches the coordinators through relays (`ClusterUnderTest.relays`), which can be cut. */
  readonly relayed?: boolean;
  /** Whether task managers reach each other through relays (`ClusterUnderTest.dataRelays`), which can be cut. */
  readonly relayedData?: boolean;
  /** More configuration, for every process. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** More configuration of one process, by its name: `coordinator-1`, `tm-0`. */
  readonly configurationOf?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of the first coordinator: failpoints. */
  readonly coordinatorEnvironment?: Environment;
  /** Of the first task managers, by their index. */
  readonly taskManagerEnvironments?: Readonly<Record<number, Environment>>;
}

export type Environment = Readonly<Record<string, string>>;

/** Coordinators and task managers as processes of their own, and a client of them. */
export class ClusterUnderTest {
  readonly folder: string;
  readonly coordinators: ProcessUnderTest[] = [];
  readonly taskManagers: ProcessUnderTest[] = [];
  /** In front of the coordinators, by their index, where the options ask for them. */
  readonly relays: TcpRelay[] = [];
  /** In front of the data planes of the task managers, by their index, where the options ask for them. */
  readonly dataRelays: TcpRelay[] = [];
  readonly admin: AdminClient;
  readonly #options: ClusterOptions;
  readonly #addresses: readonly string[];
  /** Where the data planes behind `dataRelays` listen. */
  readonly #dataPorts: number[] = [];

  private constructor(folder: string, addresses: readonly string[], options: ClusterOptions) {
    this.folder = folder;
    this.#addresses = addresses;
    this.#options = options;
    this.startCoordinator(0, options.coordinatorEnvironment);
    this.admin = grpcAdminClient(addresses);
  }

  static async start(options: ClusterOptions): Promise<ClusterUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'nerve-it-'));
    const addresses: string[] = [];
    for (let i = 0; i < (options.coordinators ?? 1); i += 1) {
      addresses.push(`${options.relayed === true ? RELAYS : LOOPBACK}:${await freePort()}`);
    }
    const cluster = new ClusterUnderTest(folder, addresses, options);
    try {
      await cluster.#begin();
      return cluster;
    } catch (error) {
      const last = cluster.logs().split('\n').slice(-LINES_SHOWN).join('\n');
      await cluster.stop();
      throw new Error(`${error instanceof Error ? error.message : ''}\n${last}`, { cause: error });
    }
  }

  /** The first coordinator; where there is one, the only one. */
  get coordinator(): ProcessUnderTest {
    return required(this.coordinators[0], 'the first coordinator');
  }

  /** The coordinator that leads now. */
  async leader(): Promise<ProcessUnderTest> {
    const { leader } = await this.admin.cluster();
    const index = this.#addresses.indexOf(leader);
    return required(this.coordinators[index], `the coordinator at ${leader}`);
  }

  /** Starts a coordinator, also in the place of one that is gone. */
  startCoordinator(index = 0, environment?: Environment, more?: Readonly<Record<string, string>>): ProcessUnderTest {
    const name = this.#addresses.length === 1 ? 'coordinator' : `coordinator-${index}`;
    const [host = '', port = ''] = (this.#addresses[index] ?? '').split(':');
    const own = {
      'coordinator.rpc.host': LOOPBACK,
      'coordinator.rpc.port': port,
      'coordinator.rpc.advertised-host': host,
      ...more,
    };
    const process = this.#start(name, 'coordinator', own, environment);
    this.coordinators[index] = process;
    return process;
  }

  /** Starts one under the identity of `index`, also in the place of one that is gone. */
  startTaskManager(index: number, environment?: Environment): ProcessUnderTest {
    const own = {
      'taskmanager.id': `tm-${index}`,
      'taskmanager.numberOfTaskSlots': String(this.#options.slots),
      ...this.#dataPlaneOf(index),
    };
    const process = this.#start(`tm-${index}`, 'taskmanager', own, environment);
    this.taskManagers[index] = process;
    return process;
  }

  /** Behind a relay it listens where only the relay dials it, and says that it is where the relay is. */
  #dataPlaneOf(index: number): Readonly<Record<string, string>> {
    const [host = '', port = ''] = this.dataRelays[index]?.address.split(':') ?? [];
    return host === ''
      ? {}
      : {
          'taskmanager.host': LOOPBACK,
          'taskmanager.data.port': String(this.#dataPorts[index]),
          'taskmanager.advertised-host': host,
          'taskmanager.data.advertised-port': port,
        };
  }

  /** Waits until so many task managers are registered. */
  async registered(count: number): Promise<void> {
    await eventually(
      `${count} task managers are registered`,
      async () => {
        const found = await this.admin.cluster().then(
          ({ taskManagers }) => taskManagers.length,
          () => undefined,
        );
        return found === count ? true : undefined;
      },
      START_MS,
    );
  }

  /** Bundles and submits a job; `more` as the admin API has it: an id, a savepoint to begin with. */
  async submit(
    module: string,
    args: readonly string[],
    parallelism: number,
    more: Omit<Partial<Submission>, 'module' | 'args' | 'parallelism'> = {},
  ): Promise<string> {
    const prepared = await prepareJob(module, args);
    const { jobId } = await this.admin.submit({ module: prepared.module, args: prepared.args, parallelism, ...more });
    return jobId;
  }

  async inState(jobId: string, state: string, withinMs = 60_000): Promise<JobDetail> {
    return await eventually(
      `${jobId} is ${state}`,
      async () => {
        const detail = await this.admin.job(jobId, { metrics: true });
        if (detail.summary.state !== state && hasEnded(detail.summary)) {
          throw new Error(
            `${jobId} is ${detail.summary.state}, not ${state}: ${detail.summary.failure?.message ?? ''}`,
          );
        }
        return detail.summary.state === state ? detail : undefined;
      },
      withinMs,
    );
  }

  /** Runs one `nerve` command with the configuration of the first coordinator; what it printed, and its exit code. */
  async nerve(words: readonly string[]): Promise<NerveRun> {
    const [host = '', port = ''] = (this.#addresses[0] ?? '').split(':');
    const own = { 'coordinator.rpc.host': host, 'coordinator.rpc.port': port };
    return await runNerve([...words, ...this.#definitions('coordinator', own)]);
  }

  get processes(): readonly ProcessUnderTest[] {
    return [...this.coordinators, ...this.taskManagers];
  }

  /** All that all processes have logged. */
  logs(): string {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(this.folder, name), 'utf8'))
      .join('');
  }

  /** Waits until the processes together have logged an event so many times. */
  async logged(event: string, times: number): Promise<void> {
    await eventually(
      `${event} is logged`,
      () => (this.logs().split(`"msg":"${event}"`).length > times ? true : undefined),
      START_MS,
    );
  }

  async stop(): Promise<void> {
    this.admin.close();
    await Promise.all(this.processes.map(async (process) => await process.stop()));
    await Promise.all([...this.relays, ...this.dataRelays].map(async (relay) => await relay.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #begin(): Promise<void> {
    if (this.#options.relayed === true) {
      for (const address of this.#addresses) {
        this.relays.push(await TcpRelay.open(address.replace(RELAYS, LOOPBACK), address));
      }
    }
    const { taskManagers, taskManagerEnvironments } = this.#options;
    for (let i = 0; this.#options.relayedData === true && i < taskManagers; i += 1) {
      const port = await freePort();
      this.#dataPorts.push(port);
      this.dataRelays.push(await TcpRelay.open(`${LOOPBACK}:${port}`));
    }
    const answers = async (): Promise<true | undefined> => {
      if (!this.coordinator.isRunning) {
        throw new Error(`the coordinator ended at once: ${String(await this.coordinator.ended())}`);
      }
      return await this.admin.cluster().then(
        () => true,
        () => undefined,
      );
    };
    await eventually('the coordinator answers', answers, START_MS);
    // The first one leads: it is alone until here.
    this.#addresses.slice(1).forEach((_, i) => {
      this.startCoordinator(i + 1);
    });
    for (let i = 0; i < taskManagers; i += 1) {
      this.startTaskManager(i, taskManagerEnvironments?.[i]);
    }
    await this.registered(taskManagers);
  }

  #start(
    name: string,
    command: string,
    own: Readonly<Record<string, string>>,
    environment: Environment | undefined,
  ): ProcessUnderTest {
    return new ProcessUnderTest(name, [command, ...this.#definitions(name, own)], this.folder, environment);
  }

  #definitions(name: string, own: Readonly<Record<string, string>>): readonly string[] {
    const brokers = process.env['KAFKA_BROKERS'];
    const configuration = {
      'coordinator.rpc.addresses': this.#addresses.join(','),
      'io.tmp.dirs': this.folder,
      ...(brokers === undefined ? {} : { 'kafka.bootstrap.servers': brokers }),
      ...this.#options.configuration,
      ...this.#options.configurationOf?.[name],
      ...own,
    };
    return Object.entries(configuration).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  }
}

/** A process that is killed finds it again (node-free-ports-testing.ts). */
export async function freePort(): Promise<number> {
  return required((await freePorts(1))[0], 'a free port');
}
