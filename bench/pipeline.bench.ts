/**
 * CPU per message of the whole HL7 pipeline, Kafka to Kafka, beside Flink + HAPI on the same broker and the same input:
 *
 *   eval "$(scripts/services env)"
 *   node bench/pipeline.bench.ts --messages 400000                                       our own feed, without peers
 *   node bench/pipeline.bench.ts --messages 400000 --peers DIR --peer flink-typed,flink-generic --rounds 2
 *   node bench/pipeline.bench.ts --messages 200000 --intervals 1s,60s,200ms --rounds 3   exactly once beside at least once
 *
 * DIR is a built copy of the peers' folder (its README says how). A peer runs first, by its own run-peer.sh, which loads
 * hl7.raw; then ours reads that same topic, and the peers' own bench.Check compares its committed output with it. What counts is
 * the processor time (user and system) of all processes of the contender between half and nine tenths of the messages, so
 * without start and warm-up; the broker's is not in it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ClusterUnderTest } from '../integration-tests/harness/cluster-under-test.ts';
import { Hl7Topics } from '../integration-tests/harness/hl7-topics.ts';
import { cpuMsOf } from '../integration-tests/harness/process-under-test.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '400000' },
    peers: { type: 'string' },
    peer: { type: 'string', default: 'flink-typed,flink-generic' },
    intervals: { type: 'string' },
    rounds: { type: 'string', default: '1' },
  },
});
const count = Number(values.messages);
const rounds = Number(values.rounds);
const brokers = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';

interface Warm {
  readonly contender: string;
  readonly cpuUs: number;
  readonly perSecond: number;
}

interface OurRun {
  readonly contender: string;
  readonly input: string;
  readonly interval?: string;
  readonly args?: readonly string[];
}

/** With a checkpoint every second, resends recognised, and a record for each change of a visit. */
const AS_IT_IS: OurRun = { contender: 'nerve-stream', input: 'hl7.raw' };
/** What the peers do: neither resends nor encounter records, and a checkpoint every ten seconds. */
const AS_THE_PEERS: OurRun = {
  contender: "nerve-stream, the peers' work",
  input: 'hl7.raw',
  interval: '10s',
  args: ['--duplicates', 'pass', '--encounters', 'false'],
};

const rows: Warm[] = [];
process.stdout.write('contender | µs CPU per message, 50–90 % | messages/s, 50–90 % | load\n');
for (let round = 0; round < rounds; round += 1) {
  if (values.peers === undefined) {
    const topics = await Hl7Topics.create('bench', 4);
    await topics.load(count);
    await measureAlone(topics, values.intervals?.split(','));
    await topics.close();
    continue;
  }
  for (const peer of values.peer.split(',')) {
    report(await measurePeer(values.peers, peer));
    for (const run of [AS_IT_IS, AS_THE_PEERS]) {
      const topics = await Hl7Topics.create('bench', 1);
      report(await measureOurs(topics, { ...run, contender: `${run.contender}, after ${peer}` }));
      check(values.peers, topics);
      await topics.close();
    }
  }
}
for (const contender of new Set(rows.map((row) => row.contender))) {
  const measured = rows.filter((row) => row.contender === contender).map(({ cpuUs }) => cpuUs);
  process.stdout.write(`median of ${measured.length} | ${contender} | ${median(measured).toFixed(1)} µs\n`);
}

/** Both guarantees with each checkpoint interval, one right after the other; or ours once. */
async function measureAlone(topics: Hl7Topics, intervals: readonly string[] | undefined): Promise<void> {
  const { input } = topics;
  if (intervals === undefined) {
    report(await measureOurs(topics, { contender: 'nerve-stream', input }));
    return;
  }
  for (const interval of intervals) {
    for (const guarantee of ['at-least-once', 'exactly-once']) {
      const output = await Hl7Topics.create('bench', 1);
      const args = ['--guarantee', guarantee];
      report(await measureOurs(output, { contender: `${guarantee}, ${interval}`, input, interval, args }));
      await output.close();
    }
  }
}

function report(row: Warm): void {
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? '';
  rows.push(row);
  process.stdout.write(`${row.contender} | ${row.cpuUs.toFixed(1)} | ${Math.round(row.perSecond)} | ${load}\n`);
}

function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** One coordinator, one task manager with two slots, bounded: it ends by itself. */
async function measureOurs(topics: Hl7Topics, run: OurRun): Promise<Warm> {
  const configuration = run.interval === undefined ? {} : { 'execution.checkpointing.interval': run.interval };
  const cluster = await ClusterUnderTest.start({ taskManagers: 1, slots: 2, configuration });
  try {
    const args = ['--input-topic', run.input, '--output-prefix', topics.prefix, '--bounded', ...(run.args ?? [])];
    const jobId = await cluster.submit('jobs/hl7-pipeline/job.ts', args, 2);
    const pids = cluster.processes.map(({ pid }) => pid);
    const warm = await watch(
      run.contender,
      () => pids,
      async () => await topics.written(),
    );
    await cluster.inState(jobId, 'finished', 120_000);
    return warm;
  } finally {
    await cluster.stop();
  }
}

/** The peers' own checker: every input record is in exactly one committed output record. */
function check(folder: string, topics: Hl7Topics): void {
  const tools = `${folder}/java/tools/target`;
  const args = ['-cp', `${tools}/tools-1.jar:${tools}/lib/*`, 'bench.Check'];
  const outputs = topics.outputs.join(',');
  const told = execFileSync('java', [...args, '--bootstrap', brokers, '--topics', outputs], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  process.stdout.write(`  ${told.trim()}\n`);
}

async function measurePeer(folder: string, peer: string): Promise<Warm> {
  const run = spawn(`${folder}/run-peer.sh`, [peer, 'throughput'], {
    stdio: 'inherit',
    env: { ...process.env, N: String(count), KAFKA: brokers, QUIET: '0' },
  });
  const ended = new Promise((resolve) => run.once('exit', resolve));
  const topics = await Hl7Topics.create('bench', 1);
  const signal = AbortSignal.timeout(1_800_000);
  const outputs = ['adt', 'oru', 'orm', 'dft', 'mdm', 'dlq'].map((kind) => `hl7.${kind}`);
  const written = async (): Promise<number> => {
    const ends = await Promise.all(
      outputs.map(async (topic) => await topics.admin.endOffsets(topic, signal).catch(() => [0n])),
    );
    return ends.flat().reduce((sum, end) => sum + Number(end), 0);
  };
  // The script makes the topics anew: what an earlier peer left there is not this one's.
  while ((await written()) > 0) {
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
  const warm = await watch(peer, peerProcesses, written);
  await ended;
  await topics.close();
  return warm;
}

/** Looks ten times a second until nine tenths of the messages are out. */
async function watch(contender: string, pids: () => readonly number[], written: () => Promise<number>): Promise<Warm> {
  const at = async (share: number): Promise<{ count: number; cpuMs: number; atMs: number }> => {
    for (;;) {
      const done = await written();
      if (done >= count * share) {
        return { count: done, cpuMs: pids().reduce((sum, pid) => sum + cpuMsOf(pid), 0), atMs: performance.now() };
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 100);
      });
    }
  };
  const half = await at(0.5);
  const most = await at(0.9);
  return {
    contender,
    cpuUs: ((most.cpuMs - half.cpuMs) * 1000) / (most.count - half.count),
    perSecond: ((most.count - half.count) * 1000) / (most.atMs - half.atMs),
  };
}

/** Flink's or Kafka Streams' JVMs, by the class that they run. */
function peerProcesses(): readonly number[] {
  const classes = ['StandaloneSessionClusterEntrypoint', 'TaskManagerRunner', 'bench.KStreamsHl7'];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return classes.some((name) => line.includes(name));
      } catch {
        return false;
      }
    });
}
