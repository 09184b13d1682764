import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Etcd3 } from 'etcd3';
import { openEtcd } from '../../shared/etcd/etcd-client.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import { freePort } from '../harness/cluster-under-test.ts';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../../scripts/services');

/** An etcd of a test's own, to be killed and frozen. */
export class EtcdUnderTest {
  readonly endpoint: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(port: number, environment: NodeJS.ProcessEnv) {
    this.endpoint = `127.0.0.1:${port}`;
    this.#environment = environment;
  }

  /** `options`: etcd's own variables, such as ETCD_QUOTA_BACKEND_BYTES. */
  static async start(options: NodeJS.ProcessEnv = {}): Promise<EtcdUnderTest> {
    const port = await freePort();
    const etcd = new EtcdUnderTest(port, {
      ...process.env,
      SVC_RUN: mkdtempSync(join(tmpdir(), 'nerve-etcd-')),
      ETCD_PORT: String(port),
      ETCD_PEER_PORT: String(await freePort()),
      ...options,
    });
    await etcd.up();
    return etcd;
  }

  settings(over: Partial<EtcdSettings> = {}): EtcdSettings {
    const own = {
      endpoints: [this.endpoint],
      timeoutMs: 1_000,
      prefix: '/nerve/test/',
      login: undefined,
      tls: undefined,
    };
    return { ...own, ...over };
  }

  client(over: Partial<EtcdSettings> = {}): Etcd3 {
    return openEtcd(this.settings({ timeoutMs: 10_000, ...over }));
  }

  async up(): Promise<void> {
    await this.#do('up');
  }

  async kill(): Promise<void> {
    await this.#do('kill');
  }

  async pause(): Promise<void> {
    await this.#do('pause');
  }

  async resume(): Promise<void> {
    await this.#do('resume');
  }

  async wipe(): Promise<void> {
    await run(script, ['wipe'], { env: this.#environment });
  }

  async #do(command: string): Promise<void> {
    await run(script, [command, 'etcd'], { env: this.#environment });
  }
}
