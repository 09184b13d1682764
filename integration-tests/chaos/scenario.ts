import { expect, vi } from 'vitest';
import { ChaosRun, NO_HARM } from './chaos-run.ts';
import type { ChaosOptions } from './chaos-run.ts';

// Patience is for machines that have other work; a scenario alone takes ten to twenty seconds.
vi.setConfig({ testTimeout: 420_000 });

/**
 * Runs one scenario: `body` makes the trouble and asserts that it happened. Whatever it was, in the end nothing is lost,
 * doubled, out of order or wrong, no transaction is open, and no object is left that nothing names. Where that does not hold, the logs are kept in build/chaos.
 */
export async function scenario(options: ChaosOptions, body: (run: ChaosRun) => Promise<void>): Promise<void> {
  const run = await ChaosRun.open(options);
  try {
    await body(run);
    expect(await run.verdict()).toStrictEqual(NO_HARM);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : 'thrown'}\n${run.evidence()}`, { cause: error });
  } finally {
    await run.close();
  }
}
