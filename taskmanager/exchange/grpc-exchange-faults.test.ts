import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { AttemptKey } from '../../shared/control/messages.ts';
import { parseAttemptNumber, parseIncarnation, parseJobId, parseTaskManagerId } from '../../shared/ids.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { defaultExchangeLimits } from './exchange-limits.ts';
import { testPlaces } from './exchange-testing.ts';
import { openGrpcExchange } from './grpc-exchange.ts';
import type { ProcessTask } from './node-exchange-process-testing.ts';
import type { WorkerTask } from './node-exchange-worker-testing.ts';
import { portsOf } from './node-slot-ports.ts';

const attempt: AttemptKey = { jobId: parseJobId('job'), attempt: parseAttemptNumber(1) };
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map(async (close) => await close()));
});

test.each([
  ['that we dialled', 'tm-a', 'tm-b'],
  ['that dialled us', 'tm-b', 'tm-a'],
])('a slot fails at once when a process %s is killed', async (_, own, other) => {
  const { slot, child } = await openPair(own, other);

  child.kill('SIGKILL');

  expect(await reportOf(slot)).toMatchObject({ kind: 'failed', code: 'exchange-peer-lost' });
});

test.each([
  ['that we dialled', 'tm-a', 'tm-b'],
  ['that dialled us', 'tm-b', 'tm-a'],
])('a slot fails within seconds when a process %s is frozen', async (_, own, other) => {
  const { slot, child } = await openPair(own, other);
  const startedMs = performance.now();

  child.kill('SIGSTOP');

  expect(await reportOf(slot)).toMatchObject({ kind: 'failed', code: 'exchange-peer-lost' });
  expect(performance.now() - startedMs).toBeLessThan(6_000);
});

/** Our slot 0 has sent something to slot 1 of the other process, and waits for more to come. */
async function openPair(own: string, other: string): Promise<{ slot: Worker; child: ChildProcess }> {
  const child = fork(new URL('./node-exchange-process-testing.ts', import.meta.url), [other], { execArgv: [] });
  closers.push(async () => {
    child.kill('SIGKILL');
    await Promise.resolve();
  });
  const [otherAddress] = (await once(child, 'message')) as [string];
  const exchange = await openGrpcExchange({
    taskManager: parseTaskManagerId(own),
    incarnation: parseIncarnation('1'),
    version: '1.0.0',
    host: '127.0.0.1',
    bindHost: '127.0.0.1',
    port: 0,
    limits: defaultExchangeLimits,
    clock: nodeClock,
    metrics: new MetricRegistry().group({}),
  });
  closers.push(async () => await exchange.close());
  const places = testPlaces([own, other], { [own]: exchange.address, [other]: otherAddress });
  const connected = once(child, 'message');
  child.send({ attempt, places } satisfies ProcessTask);
  const opened = exchange.openAttempt(attempt, places);
  await opened.connect(AbortSignal.timeout(10_000));
  await connected;
  const ports = opened.takePorts(0);
  const workerData: WorkerTask = {
    slot: 0,
    slots: 2,
    taskManager: parseTaskManagerId(own),
    places,
    ports,
    records: 100,
    recordBytes: 10,
    stopAfter: 50,
  };
  const slot = new Worker(new URL('./node-exchange-worker-testing.ts', import.meta.url), {
    workerData,
    transferList: [...portsOf(ports)],
  });
  closers.push(async () => await slot.terminate());
  slot.postMessage('begin');
  await reportOf(slot);
  return { slot, child };
}

async function reportOf(worker: Worker): Promise<unknown> {
  const [report] = (await once(worker, 'message')) as [unknown];
  return report;
}
