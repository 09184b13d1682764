// `npm run soak -- [MINUTES] [SEED]`: random trouble for the counting job on real processes, Kafka and MinIO, for as long as you
// like (default 10 minutes), and the verdict of the independent checker. Needs `scripts/services up` (or KAFKA_BROKERS, S3_ENDPOINT).
// The same seed makes the same trouble in the same order; when it hits is up to the machine.
import { ChaosRun } from '../../integration-tests/chaos/chaos-run.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { FAULTS, pause } from './faults.ts';

const [minutesText = '10', seedText = String(Date.now() % 1_000_000)] = process.argv.slice(2);
const seed = Number(seedText);
const random = seededRandom(seed);
const endsAt = performance.now() + Number(minutesText) * 60_000;
const PAUSE_MS_MAX = 5_000;
const SETTLE_MS = 180_000;

say(`soak for ${minutesText} minutes; repeat with: npm run soak -- ${minutesText} ${seed}`);
const run = await ChaosRun.open({ name: 'soak', taskManagers: 3, rate: 500, partitions: 3 });
try {
  await run.start();
  let faults = 0;
  while (performance.now() < endsAt) {
    const fault = choose(random);
    say(await fault.run(run, random));
    faults += 1;
    revive(run);
    await pause(random.below(PAUSE_MS_MAX));
    if (faults % 4 === 0) {
      await run.flows('after four faults', SETTLE_MS);
      say(`${run.output.records.length} results for ${run.feed.sent} messages after ${faults} faults`);
    }
  }
  const verdict = await run.verdict(SETTLE_MS);
  say(
    JSON.stringify({
      faults,
      sent: run.feed.sent,
      longestPauseMs: Math.round(run.output.longestPauseMs()),
      ...verdict,
    }),
  );
  const harm = verdict.lost + verdict.duplicated + verdict.disordered + verdict.wrong + verdict.openTransactions.length;
  process.exitCode = harm === 0 && faults > 0 ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : 'something that is no error was thrown');
  say(run.evidence());
  process.exitCode = 1;
} finally {
  await run.close();
}

function choose(from: Random): (typeof FAULTS)[number] {
  let at = from.below(FAULTS.reduce((sum, { weight }) => sum + weight, 0));
  return FAULTS.find(({ weight }) => (at -= weight) < 0)!;
}

/** A supervisor would do the same. */
function revive({ cluster }: ChaosRun): void {
  if (!cluster.coordinator.isRunning) {
    cluster.startCoordinator();
  }
  cluster.taskManagers.forEach((taskManager, index) => {
    if (!taskManager.isRunning) {
      cluster.startTaskManager(index);
    }
  });
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
