/** The one seed that is asked for, to see it again: NERVE_SEED=17 vitest run --project sim FOLDER. */
export const ONLY_SEED = process.env['NERVE_SEED'];

/**
 * Runs the seeds from 1 on, and adds up what each run says has happened. `folder`: of the test, for the command that replays a seed.
 * @throws Error naming the seed of the first run that fails
 */
export function tallySeeds(
  seeds: number,
  folder: string,
  run: (seed: number) => Iterable<readonly [what: string, count: number]>,
): ReadonlyMap<string, number> {
  const tally = new Map<string, number>();
  for (const seed of ONLY_SEED === undefined ? Array.from({ length: seeds }, (_, i) => i + 1) : [Number(ONLY_SEED)]) {
    for (const [what, count] of named(seed, folder, run)) {
      tally.set(what, (tally.get(what) ?? 0) + count);
    }
  }
  if (process.env['NERVE_SIM_VERBOSE'] !== undefined) {
    process.stdout.write(`${JSON.stringify([...tally])}\n`);
  }
  return tally;
}

function named<T>(seed: number, folder: string, run: (seed: number) => T): T {
  try {
    return run(seed);
  } catch (error) {
    const replay = `replay with NERVE_SEED=${seed} vitest run --project sim ${folder}`;
    throw new Error(`seed ${seed} failed: ${String(error)}; ${replay}`, { cause: error });
  }
}
