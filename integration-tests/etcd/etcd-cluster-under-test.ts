import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { openEtcd } from '../../shared/etcd/etcd-client.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import { freePort } from '../harness/cluster-under-test.ts';
import { eventually } from '../harness/eventually.ts';

/** Three members of etcd on this machine. */
export class EtcdClusterUnderTest {
  readonly endpoints: readonly string[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'nerve-etcd-cluster-'));
  readonly #peers: readonly string[];
  readonly #members: (ChildProcess | undefined)[] = [undefined, undefined, undefined];

  private constructor(ports: readonly number[]) {
    const [a = 0, b = 0, c = 0, ...peers] = ports;
    this.endpoints = [a, b, c].map((port) => `127.0.0.1:${port}`);
    this.#peers = peers.map((port) => `http://127.0.0.1:${port}`);
  }

  static async start(): Promise<EtcdClusterUnderTest> {
    const ports: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      ports.push(await freePort());
    }
    const cluster = new EtcdClusterUnderTest(ports);
    [0, 1, 2].forEach((index) => {
      cluster.up(index);
    });
    await cluster.answers();
    return cluster;
  }

  settings(over: Partial<EtcdSettings> = {}): EtcdSettings {
    const own = { timeoutMs: 1_000, prefix: '/nerve/test/', login: undefined, tls: undefined };
    return { endpoints: this.endpoints, ...own, ...over };
  }

  up(index: number): void {
    const client = `http://${this.endpoints[index] ?? ''}`;
    const peer = this.#peers[index] ?? '';
    const flags = {
      name: `m${index}`,
      'data-dir': join(this.#folder, `m${index}`),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': this.#peers.map((url, i) => `m${i}=${url}`).join(','),
      'unsafe-no-fsync': 'true',
    };
    const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    this.#members[index] = spawn(etcdBinary(), args, { stdio: 'ignore' });
  }

  /** Until a majority has a leader. */
  async answers(): Promise<void> {
    const client = openEtcd(this.settings());
    await eventually(
      'etcd has a leader',
      async () =>
        await client.get('x').then(
          () => true,
          () => undefined,
        ),
    );
    client.close();
  }

  signal(index: number, signal: NodeJS.Signals): void {
    this.#members[index]?.kill(signal);
  }

  async wipe(): Promise<void> {
    await Promise.all(
      this.#members.map(async (member) => {
        if (member?.exitCode !== null || member.signalCode !== null) {
          return;
        }
        const gone = new Promise((resolve) => member.once('exit', resolve));
        member.kill('SIGKILL');
        await gone;
      }),
    );
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Where scripts/services has it from. */
function etcdBinary(): string {
  const cache =
    process.env['SVC_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'nerve-stream-services');
  const built = existsSync(join(cache, 'bin'))
    ? readdirSync(join(cache, 'bin')).filter((name) => name.startsWith('etcd-'))
    : [];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'etcd'));
  const found = [...built.map((name) => join(cache, 'bin', name)), ...onPath].find((path) => existsSync(path));
  if (found !== undefined) {
    return found;
  }
  execFileSync(join(import.meta.dirname, '../../scripts/services'), ['install', 'etcd'], {
    env: { ...process.env, SVC_FROM: 'native' },
  });
  return etcdBinary();
}
