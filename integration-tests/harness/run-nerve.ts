import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface NerveRun {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number | null;
}

/** Runs the command line as a process of its own, to its end. */
export async function runNerve(words: readonly string[]): Promise<NerveRun> {
  const child = spawn(process.execPath, [join(root, 'cli/main.ts'), ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { out, err, exitCode };
}
