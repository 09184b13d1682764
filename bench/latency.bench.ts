/**
 * From the send of a message to the moment at which a read-committed consumer sees its result, Kafka to Kafka, exactly once:
 *
 *   eval "$(scripts/services env)"
 *   node bench/latency.bench.ts --interval 1s --rate 1000 --seconds 40
 *
 * The counting job (one keyed stage with four states and 4 KB of changing ballast for each of 24 keys) on one coordinator and
 * two task managers of one slot; checkpoints to MinIO. Reader and writer are kafkajs. The first 10 seconds do not count.
 */
import { parseArgs } from 'node:util';
import { ChaosRun } from '../integration-tests/chaos/chaos-run.ts';
import type { IndependentReader } from '../integration-tests/chaos/independent-reader.ts';

const { values } = parseArgs({
  options: {
    interval: { type: 'string', default: '1s' },
    rate: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '40' },
  },
});
const WARM_UP_MS = 10_000;

const run = await ChaosRun.open({
  name: 'bench-latency',
  rate: Number(values.rate),
  configuration: { 'execution.checkpointing.interval': values.interval },
});
const [input, uncommitted] = [await run.inputReader(), await run.uncommittedOutput()];
try {
  await run.start();
  await pause(WARM_UP_MS);
  const from = Date.now();
  await pause(Number(values.seconds) * 1_000);
  const until = Date.now();
  await run.feed.pause();
  await run.allIsCounted();
  await pause(1_000);
  report('committed', latencies(run.output, from, until));
  report('uncommitted', latencies(uncommitted, from, until));
  const { checkpoints } = await run.cluster.admin.job(run.jobId);
  process.stdout.write(`checkpoints: ${checkpoints?.completed} completed, ${checkpoints?.failed} failed\n`);
} finally {
  await Promise.all([input.close(), uncommitted.close()]);
  await run.close();
}

/** Of the messages that were sent in that time, in milliseconds, ascending. */
function latencies(output: IndependentReader, from: number, until: number): readonly number[] {
  const sentAt = new Map(
    input.records.map(({ partition, offset }, i) => [`${partition}:${offset}`, input.timestamps[i] ?? 0]),
  );
  const found: number[] = [];
  output.records.forEach(({ value }, i) => {
    const source = /"source":"(\d+:\d+)"/.exec(value)?.[1] ?? '';
    const sent = sentAt.get(source);
    if (sent !== undefined && sent >= from && sent < until) {
      found.push(performance.timeOrigin + (output.arrivals[i] ?? 0) - sent);
    }
  });
  return found.sort((a, b) => a - b);
}

function report(what: string, sorted: readonly number[]): void {
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0);
  process.stdout.write(
    `${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, most ${at(1 - 1e-9)} ms, of ${sorted.length}\n`,
  );
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
