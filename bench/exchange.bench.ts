/**
 * CPU of the exchange for each 836-byte record and hop: partition, encode, carry, decode, hand over; both ends together.
 *
 *   node bench/exchange.bench.ts [records] [link]
 */
import { Worker } from 'node:worker_threads';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { parseAttemptNumber, parseIncarnation, parseJobId, parseTaskManagerId } from '../shared/ids.ts';
import { MetricRegistry } from '../shared/metrics/metric-registry.ts';
import { defaultExchangeLimits } from '../taskmanager/exchange/exchange-limits.ts';
import { testPlaces } from '../taskmanager/exchange/exchange-testing.ts';
import { openGrpcExchange } from '../taskmanager/exchange/grpc-exchange.ts';
import { portsOf } from '../taskmanager/exchange/node-slot-ports.ts';
import type { BenchTask, Payload, Shape } from './exchange-bench-job.ts';

const records = Number(process.argv[2] ?? 1_000_000);
const only = process.argv[3] ?? '';
const workUs = Number(process.argv[4] ?? 0);
const links: readonly { readonly name: string; readonly shape: Shape; readonly taskManagers: readonly string[] }[] = [
  { name: 'same thread', shape: 'one-slot', taskManagers: ['tm-a'] },
  { name: 'MessagePort', shape: 'two-slots', taskManagers: ['tm-a', 'tm-a'] },
  { name: 'gRPC, to the dialler', shape: 'two-slots', taskManagers: ['tm-b', 'tm-a'] },
  { name: 'gRPC, to the server', shape: 'two-slots', taskManagers: ['tm-a', 'tm-b'] },
];

print('| link | payload | µs CPU per record | records/s |');
print('|---|---|---|---|');
for (const { name, shape, taskManagers } of links.filter((link) => link.name.includes(only))) {
  for (const payload of ['bytes', 'plain'] as const) {
    const { cpuUs, perSecond } = await measure(shape, payload, taskManagers);
    print(`| ${name} | ${payload} | ${cpuUs.toFixed(2)} | ${Math.round(perSecond / 1000)}k |`);
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measure(
  shape: Shape,
  payload: Payload,
  names: readonly string[],
): Promise<{ readonly cpuUs: number; readonly perSecond: number }> {
  const exchanges = new Map(
    await Promise.all([...new Set(names)].map(async (name) => [name, await openExchange(name)] as const)),
  );
  const addresses = Object.fromEntries([...exchanges].map(([name, exchange]) => [name, exchange.address]));
  const places = testPlaces(names, addresses);
  const key = { jobId: parseJobId('bench'), attempt: parseAttemptNumber(1) };
  const attempts = new Map([...exchanges].map(([name, exchange]) => [name, exchange.openAttempt(key, places)]));
  await Promise.all([...attempts.values()].map(async (attempt) => await attempt.connect(AbortSignal.timeout(5_000))));
  const warmUp = Math.floor(records / 2);
  const workers = names.map((name, slot) => {
    const ports = attempts.get(name)!.takePorts(slot);
    const taskManager = parseTaskManagerId(name);
    const workerData: BenchTask = { shape, payload, slot, taskManager, places, ports, warmUp, records, workUs };
    const worker = new Worker(new URL('./node-exchange-bench-worker.ts', import.meta.url), {
      workerData,
      transferList: [...portsOf(ports)],
    });
    worker.postMessage('begin');
    return worker;
  });
  const sink = workers.at(-1)!;
  await message(sink, 'warm');
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await message(sink, 'done');
  const cpu = process.cpuUsage(cpuBefore);
  const elapsedMs = performance.now() - startedMs;
  await Promise.all(workers.map(async (worker) => await worker.terminate()));
  await Promise.all([...exchanges.values()].map(async (exchange) => await exchange.close()));
  const measured = records - warmUp;
  return { cpuUs: (cpu.user + cpu.system) / measured - workUs, perSecond: (measured / elapsedMs) * 1000 };
}

async function openExchange(name: string): ReturnType<typeof openGrpcExchange> {
  return await openGrpcExchange({
    taskManager: parseTaskManagerId(name),
    incarnation: parseIncarnation('1'),
    version: 'bench',
    advertisedHost: '127.0.0.1',
    bindHost: '127.0.0.1',
    silenceMs: 4_000,
    port: 0,
    limits: defaultExchangeLimits,
    clock: nodeClock,
    metrics: new MetricRegistry().group({}),
  });
}

async function message(worker: Worker, wanted: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (text) => {
      if (text === wanted) {
        resolve();
      }
    });
    worker.on('error', reject);
  });
}
