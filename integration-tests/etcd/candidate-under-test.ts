import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '../harness/eventually.ts';

export interface CandidateEvent {
  readonly event: 'leads' | 'acts' | 'lost';
  readonly epoch: bigint;
  readonly atMs: number;
}

/** candidate-main.ts as a process, and what it said. */
export class CandidateUnderTest {
  readonly events: CandidateEvent[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals>;

  constructor(endpoint: string, prefix: string, name: string, leaseMs = 3_000) {
    const main = join(import.meta.dirname, 'candidate-main.ts');
    this.#child = spawn(process.execPath, [main, endpoint, prefix, name, String(leaseMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        resolve(signal ?? code ?? 0);
      });
    });
    if (this.#child.stdout !== null) {
      createInterface(this.#child.stdout).on('line', (line) => {
        const said = JSON.parse(line) as Omit<CandidateEvent, 'epoch'> & { readonly epoch: string };
        this.events.push({ event: said.event, atMs: said.atMs, epoch: BigInt(said.epoch) });
      });
    }
  }

  async leads(withinMs = 20_000): Promise<CandidateEvent> {
    return await eventually('it leads', () => this.events.find(({ event }) => event === 'leads'), withinMs);
  }

  async acts(afterMs: number): Promise<void> {
    await eventually('it acts', () => (this.lastActMs > afterMs ? true : undefined));
  }

  /** When it last acted as the leader; 0 when it never did. */
  get lastActMs(): number {
    return this.events.findLast(({ event }) => event === 'acts')?.atMs ?? 0;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async ended(): Promise<number | NodeJS.Signals> {
    return await this.#ended;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
