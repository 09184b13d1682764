import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ChaosRun } from './chaos-run.ts';
import type { ChaosOptions } from './chaos-run.ts';

const EVIDENCE = join(import.meta.dirname, '../../build/chaos');
const LINES_SHOWN = 25;

/**
 * Runs one scenario: `body` makes the trouble and asserts that it happened. Whatever it was, in the end nothing is lost,
 * doubled, out of order or wrong, and no transaction is open. Where that does not hold, the logs are kept in build/chaos.
 */
export async function scenario(options: ChaosOptions, body: (run: ChaosRun) => Promise<void>): Promise<void> {
  const run = await ChaosRun.open(options);
  try {
    await body(run);
    expect(await run.verdict()).toStrictEqual({ lost: 0, duplicated: 0, disordered: 0, wrong: 0, findings: [] });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : 'thrown'}\n${evidence(run)}`, { cause: error });
  } finally {
    await run.close();
  }
}

function evidence(run: ChaosRun): string {
  const folder = join(EVIDENCE, run.prefix);
  mkdirSync(folder, { recursive: true });
  cpSync(run.cluster.folder, folder, {
    recursive: true,
    filter: (path) => !/\/(state|artifacts|checkpoints)/.test(path),
  });
  const lines = run.cluster
    .logs()
    .split('\n')
    .filter((line) => /"level":[45]0/.test(line));
  return `logs are in ${folder}; the last warnings:\n${lines.slice(-LINES_SHOWN).join('\n')}`;
}
