// `node scripts/soak/pipeline-soak.ts [--messages N] [--peers DIR] [--seed S]`: the HL7 pipeline, bounded, while its task managers
// and its coordinator are killed every few seconds; then every input message must be in the committed output once. With --peers
// (a built copy of the peers' folder) Kafka's own consumer counts as well: bench.Check. Needs `scripts/services up`.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { hasEnded } from '../../cli/admin/admin-client.ts';
import { ClusterUnderTest } from '../../integration-tests/harness/cluster-under-test.ts';
import { Hl7Topics } from '../../integration-tests/harness/hl7-topics.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { pause } from './faults.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    peers: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const BETWEEN_KILLS_MS = 6_000;
const brokers = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
const random = seededRandom(Number(values.seed));
const topics = await Hl7Topics.create('soak', 2);
const cluster = await ClusterUnderTest.start({
  taskManagers: 3,
  slots: 1,
  configuration: {
    'kafka.bootstrap.servers': brokers,
    'heartbeat.interval': '500ms',
    'heartbeat.timeout': '4s',
    'restart-strategy.exponential-delay.max-backoff': '1s',
  },
});
let kills = 0;
try {
  await topics.load(Number(values.messages));
  say(`seed ${values.seed}: ${values.messages} messages are written`);
  const jobId = await cluster.submit('jobs/hl7-pipeline/job.ts', [...topics.jobArguments, '--bounded'], 2);
  while (!(await hasJobEnded(jobId))) {
    await pause(BETWEEN_KILLS_MS / 2 + random.below(BETWEEN_KILLS_MS));
    say(await killOne());
    kills += 1;
  }
  const { summary } = await cluster.admin.job(jobId);
  const lineage = await topics.lineage();
  say(JSON.stringify({ state: summary.state, kills, restarts: summary.restarts, ...lineage }));
  if (values.peers !== undefined) {
    say(bench(values.peers));
  }
  const isWhole = lineage.lost === 0 && lineage.duplicates === 0 && lineage.disorderedKeys === 0;
  process.exitCode = summary.state === 'finished' && isWhole && kills > 0 ? 0 : 1;
} finally {
  await cluster.stop();
  await topics.close();
}

async function hasJobEnded(jobId: string): Promise<boolean> {
  return await cluster.admin.job(jobId).then(
    ({ summary }) => hasEnded(summary),
    () => false,
  );
}

/** A task manager mostly, the coordinator now and then; it is started again at once. */
async function killOne(): Promise<string> {
  const index = random.below(4);
  const victim = cluster.taskManagers[index] ?? cluster.coordinator;
  await victim.kill();
  if (index < 3) {
    cluster.startTaskManager(index);
  } else {
    cluster.startCoordinator();
  }
  return `killed ${victim.name}`;
}

/** Kafka's own consumer, read-committed, in Java. */
function bench(peers: string): string {
  const path = `${peers}/java/tools/target/tools-1.jar:${peers}/java/tools/target/lib/*`;
  const args = ['--bootstrap', brokers, '--raw', topics.input, '--topics', topics.outputs.join(',')];
  return execFileSync('java', ['-cp', path, 'bench.Check', ...args], { encoding: 'utf8' }).trim();
}

function say(text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}
