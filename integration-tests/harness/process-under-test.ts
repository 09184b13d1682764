import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** One real process of the product: started as a user starts it, its standard error kept in a file. */
export class ProcessUnderTest {
  readonly name: string;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;

  constructor(
    name: string,
    args: readonly string[],
    folder: string,
    environment: Readonly<Record<string, string>> | undefined = {},
  ) {
    this.name = name;
    this.logFile = join(folder, `${name}.log`);
    const log = openSync(this.logFile, 'a');
    this.#child = spawn(process.execPath, [join(root, 'cli/main.ts'), ...args], {
      cwd: root,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...environment },
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        resolve(signal ?? code ?? 0);
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Everything the process has written so far. */
  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  /** Resident memory in bytes; 0 when the process is gone. */
  residentBytes(): number {
    return statusKiB(this.pid, 'VmRSS') * 1024;
  }

  /** CPU time used so far, all threads, in milliseconds. */
  cpuMs(): number {
    return cpuMsOf(this.pid);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    return await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM, and SIGKILL when that was not enough after ten seconds. */
  async stop(): Promise<void> {
    if (!this.isRunning) {
      return;
    }
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(late);
  }
}

/** User and system time of a process and all its threads, in milliseconds (a jiffy is 10 ms). */
export function cpuMsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function statusKiB(pid: number, field: string): number {
  try {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8')
      .split('\n')
      .find((text) => text.startsWith(`${field}:`));
    return Number(/\d+/.exec(line ?? '')?.[0] ?? 0);
  } catch {
    return 0;
  }
}
