/**
 * How long nothing new comes after a kill -9, on real processes, Kafka and MinIO:
 *
 *   eval "$(scripts/services env)"
 *   node bench/recovery.bench.ts --kills 10                     a task manager, with a spare slot
 *   node bench/recovery.bench.ts --kills 20 --who leader        the leading one of three coordinators (needs etcd)
 *   node bench/recovery.bench.ts --kills 10 --interval 200ms
 *
 * The counting job of the chaos scenarios at 1,000 messages/s with little state. "uncommitted": from the kill to the end of the
 * longest pause of what a reader of uncommitted records sees; "committed": the same for a read-committed reader, whose pause
 * holds the checkpoint interval as well.
 */
import { parseArgs } from 'node:util';
import { ChaosRun } from '../integration-tests/chaos/chaos-run.ts';
import type { IndependentReader } from '../integration-tests/chaos/independent-reader.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10' },
    interval: { type: 'string', default: '1s' },
    who: { type: 'string', default: 'taskmanager' },
  },
});
const isLeader = values.who === 'leader';
const SETTLE_MS = 3_000;

const run = await ChaosRun.open({
  name: 'bench-recovery',
  taskManagers: isLeader ? 2 : 3,
  coordinators: isLeader ? 3 : 1,
  rate: 1_000,
  configuration: {
    'execution.checkpointing.interval': values.interval,
    'heartbeat.interval': '1s',
    'heartbeat.timeout': '8s',
    ...(isLeader ? withEtcd() : {}),
  },
});
const uncommitted = await run.uncommittedOutput();
const seconds: Record<string, number[]> = { uncommitted: [], committed: [], 'longest pause of uncommitted': [] };
let restarts = 0;
try {
  await run.start();
  for (let kill = 0; kill < Number(values.kills); kill += 1) {
    const attempt = await run.attempt();
    const killedAt = performance.now();
    const revive = isLeader ? await killLeader() : await killTaskManager(attempt);
    await run.flows('after the kill');
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    seconds['uncommitted']?.push(resumedAfter(uncommitted, killedAt));
    seconds['committed']?.push(resumedAfter(run.output, killedAt));
    seconds['longest pause of uncommitted']?.push(uncommitted.longestPauseMs(killedAt) / 1_000);
    restarts += (await run.attempt()) - attempt;
    await revive();
  }
  for (const [what, each] of Object.entries(seconds)) {
    const sorted = each.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    process.stdout.write(
      `${what}: median ${median.toFixed(2)} s, worst ${(sorted.at(-1) ?? 0).toFixed(2)} s, of ${sorted.length}\n`,
    );
  }
  process.stdout.write(`restarts of the job: ${restarts}; ${JSON.stringify(await run.verdict())}\n`);
} finally {
  await uncommitted.close();
  await run.close();
}

/** Kills one that has work, and gives what starts it again. */
async function killTaskManager(attempt: number): Promise<() => Promise<void>> {
  const busy = (await run.cluster.admin.job(run.jobId)).subtasks[0]?.taskManager ?? 'tm-0';
  const index = Number(busy.replace('tm-', ''));
  await run.cluster.taskManagers[index]?.kill();
  await run.restartedSince(attempt);
  return async () => {
    run.startTaskManager(index);
    await run.cluster.registered(3);
  };
}

async function killLeader(): Promise<() => Promise<void>> {
  const leader = await run.cluster.leader();
  const index = run.cluster.coordinators.indexOf(leader);
  await leader.kill();
  return async () => {
    run.cluster.startCoordinator(index);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  };
}

function withEtcd(): Record<string, string> {
  const endpoints = (process.env['ETCD_ENDPOINTS'] ?? 'http://127.0.0.1:12379').replaceAll(/https?:\/\//g, '');
  return { 'high-availability.type': 'etcd', 'high-availability.etcd.endpoints': endpoints };
}

/** Seconds from the kill to the end of the longest pause after it. */
function resumedAfter(reader: IndependentReader, killedAt: number): number {
  const arrivals = [killedAt, ...reader.arrivals.filter((at) => at > killedAt)];
  let longest = 0;
  let resumedAt = killedAt;
  arrivals.forEach((at, i) => {
    const pause = at - (arrivals[i - 1] ?? at);
    if (pause > longest) {
      longest = pause;
      resumedAt = at;
    }
  });
  return (resumedAt - killedAt) / 1_000;
}
