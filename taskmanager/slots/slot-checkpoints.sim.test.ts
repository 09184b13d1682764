import { expect, test } from 'vitest';
import { seededRandom } from '../../shared/random/random.ts';
import { CheckpointedRun } from './checkpointed-run-testing.ts';

const SEEDS = Number(process.env['SLOT_SEEDS'] ?? 25);
const FIRST = Number(process.env['SLOT_SEED'] ?? 1);

test(`every record counts once whatever becomes of checkpoints, leaders and attempts, in ${SEEDS} runs from seed ${FIRST}`, async () => {
  const happened = { attempts: 0, completed: 0, aborted: 0, declined: 0, leadersLost: 0 };

  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    const run = new CheckpointedRun(seededRandom(seed), 1_500);
    await run.play(120).catch((error: unknown) => {
      throw new Error(`seed ${seed}: SLOT_SEED=${seed} SLOT_SEEDS=1 repeats it`, { cause: error });
    });
    expect(run.committed, `seed ${seed}`).toStrictEqual(run.expected);
    for (const what of ['attempts', 'completed', 'aborted', 'declined', 'leadersLost'] as const) {
      happened[what] += run.happened[what];
    }
  }

  expect(Object.values(happened).every((count) => count > SEEDS / 4)).toBe(true);
});
