import { expect, vi } from 'vitest';
import { ChaosRun } from './chaos-run.ts';
import type { ChaosOptions } from './chaos-run.ts';

// Patience is for machines that have other work; a scenario alone takes ten to twenty seconds.
vi.setConfig({ testTimeout: 420_000 });

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
    throw new Error(`${error instanceof Error ? error.message : 'thrown'}\n${run.evidence()}`, { cause: error });
  } finally {
    await run.close();
  }
}
