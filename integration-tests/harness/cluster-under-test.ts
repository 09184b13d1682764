import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdminClient, JobDetail } from '../../cli/admin/admin-client.ts';
import { hasEnded } from '../../cli/admin/admin-client.ts';
import { grpcAdminClient } from '../../cli/admin/grpc-admin-client.ts';
import { prepareJob } from '../../cli/job/node-prepare-job.ts';
import { eventually } from './eventually.ts';
import { ProcessUnderTest } from './process-under-test.ts';

export interface ClusterOptions {
  readonly taskManagers: number;
  readonly slots: number;
  /** More configuration, for every process. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Of the first coordinator: failpoints. */
  readonly coordinatorEnvironment?: Environment;
  /** Of the first task managers, by their index. */
  readonly taskManagerEnvironments?: Readonly<Record<number, Environment>>;
}

export type Environment = Readonly<Record<string, string>>;

/** A coordinator and task managers as processes of their own, and a client of them. */
export class ClusterUnderTest {
  readonly folder: string;
  coordinator: ProcessUnderTest;
  readonly taskManagers: ProcessUnderTest[] = [];
  readonly admin: AdminClient;
  readonly #options: ClusterOptions;
  readonly #address: string;

  private constructor(folder: string, address: string, options: ClusterOptions) {
    this.folder = folder;
    this.#address = address;
    this.#options = options;
    this.coordinator = this.startCoordinator(options.coordinatorEnvironment);
    this.admin = grpcAdminClient([address]);
  }

  static async start(options: ClusterOptions): Promise<ClusterUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'nerve-it-'));
    const cluster = new ClusterUnderTest(folder, `127.0.0.1:${await freePort()}`, options);
    await eventually('the coordinator answers', async () => await cluster.admin.cluster().catch(() => undefined));
    for (let i = 0; i < options.taskManagers; i += 1) {
      cluster.startTaskManager(i, options.taskManagerEnvironments?.[i]);
    }
    await cluster.registered(options.taskManagers);
    return cluster;
  }

  /** Starts a coordinator in the place of one that is gone. */
  startCoordinator(environment?: Environment): ProcessUnderTest {
    const args = ['coordinator', ...this.#definitions()];
    this.coordinator = new ProcessUnderTest('coordinator', args, this.folder, environment);
    return this.coordinator;
  }

  /** Starts one under the identity of `index`, also in the place of one that is gone. */
  startTaskManager(index: number, environment?: Environment): ProcessUnderTest {
    const own = [`-D`, `taskmanager.id=tm-${index}`, '-D', `taskmanager.numberOfTaskSlots=${this.#options.slots}`];
    const args = ['taskmanager', ...this.#definitions(), ...own];
    const process = new ProcessUnderTest(`tm-${index}`, args, this.folder, environment);
    this.taskManagers[index] = process;
    return process;
  }

  /** Waits until so many task managers are registered. */
  async registered(count: number): Promise<void> {
    await eventually(`${count} task managers are registered`, async () => {
      const { taskManagers } = await this.admin.cluster();
      return taskManagers.length === count ? true : undefined;
    });
  }

  async submit(module: string, args: readonly string[], parallelism: number, id?: string): Promise<string> {
    const prepared = await prepareJob(module, args);
    const { jobId } = await this.admin.submit({ module: prepared.module, args: prepared.args, parallelism, jobId: id });
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

  get processes(): readonly ProcessUnderTest[] {
    return [this.coordinator, ...this.taskManagers];
  }

  /** All that all processes have logged. */
  logs(): string {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(this.folder, name), 'utf8'))
      .join('');
  }

  async stop(): Promise<void> {
    this.admin.close();
    await Promise.all(this.processes.map(async (process) => await process.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #definitions(): readonly string[] {
    const [host = '', port = ''] = this.#address.split(':');
    const all = {
      'coordinator.rpc.host': host,
      'coordinator.rpc.port': port,
      'coordinator.rpc.addresses': this.#address,
      'io.tmp.dirs': this.folder,
      ...(process.env['KAFKA_BROKERS'] === undefined
        ? {}
        : { 'kafka.bootstrap.servers': process.env['KAFKA_BROKERS'] }),
      ...this.#options.configuration,
    };
    return Object.entries(all).flatMap(([key, value]) => ['-D', `${key}=${value}`]);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
