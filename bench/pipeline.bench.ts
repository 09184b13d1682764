/**
 * CPU per message of the whole HL7 pipeline, Kafka to Kafka, beside Flink + HAPI on the same broker and the same input:
 *
 *   eval "$(scripts/services env)"
 *   node bench/pipeline.bench.ts --messages 400000                                       our own feed, without peers
 *   node bench/pipeline.bench.ts --messages 1200000 --peers DIR --peer flink-typed,flink-generic
 *
 * DIR is a built copy of the peers' folder (its README says how). A peer runs first, by its own run-peer.sh, which loads
 * hl7.raw; then ours reads that same topic. What counts is the processor time (user and system) of all processes of the
 * contender between half and nine tenths of the messages, so without start and warm-up; the broker's is not in it.
 */
import { spawn } from 'node:child_process';
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
  },
});
const count = Number(values.messages);

interface Warm {
  readonly contender: string;
  readonly cpuUs: number;
  readonly perSecond: number;
}

const rows: Warm[] = [];
if (values.peers === undefined) {
  const topics = await Hl7Topics.create('bench', 4);
  await topics.load(count);
  rows.push(await measureOurs(topics, topics.input));
  await topics.close();
} else {
  for (const peer of values.peer.split(',')) {
    rows.push(await measurePeer(values.peers, peer));
    const topics = await Hl7Topics.create('bench', 1);
    rows.push(await measureOurs(topics, 'hl7.raw'));
    await topics.close();
  }
}
process.stdout.write('contender | µs CPU per message, 50–90 % | messages/s, 50–90 %\n');
for (const { contender, cpuUs, perSecond } of rows) {
  process.stdout.write(`${contender} | ${cpuUs.toFixed(1)} | ${Math.round(perSecond)}\n`);
}

/** One coordinator, one task manager with two slots, bounded: it ends by itself. */
async function measureOurs(topics: Hl7Topics, input: string): Promise<Warm> {
  const cluster = await ClusterUnderTest.start({ taskManagers: 1, slots: 2 });
  try {
    const args = ['--input-topic', input, '--output-prefix', topics.prefix, '--bounded'];
    const jobId = await cluster.submit('jobs/hl7-pipeline/job.ts', args, 2);
    const pids = cluster.processes.map(({ pid }) => pid);
    const warm = await watch(
      'nerve-stream',
      () => pids,
      async () => await topics.written(),
    );
    await cluster.inState(jobId, 'finished');
    return warm;
  } finally {
    await cluster.stop();
  }
}

async function measurePeer(folder: string, peer: string): Promise<Warm> {
  const broker = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
  const run = spawn(`${folder}/run-peer.sh`, [peer, 'throughput'], {
    stdio: 'inherit',
    env: { ...process.env, N: String(count), KAFKA: broker, QUIET: '0' },
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
