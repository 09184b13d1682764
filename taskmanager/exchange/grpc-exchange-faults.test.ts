import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../integration-tests/harness/eventually.ts';
import { TcpRelay } from '../../integration-tests/harness/tcp-relay.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { AttemptKey } from '../../shared/control/messages.ts';
import { parseAttemptNumber, parseIncarnation, parseJobId, parseTaskManagerId } from '../../shared/ids.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import type { TaskManagerExchange } from './attempt-exchange.ts';
import { defaultExchangeLimits } from './exchange-limits.ts';
import { testPlaces } from './exchange-testing.ts';
import { openGrpcExchange } from './grpc-exchange.ts';
import type { ProcessTask } from './node-exchange-process-testing.ts';
import type { WorkerTask } from './node-exchange-worker-testing.ts';
import { portsOf } from './node-slot-ports.ts';
import type { SlotPortsTransfer } from './node-slot-ports.ts';

const attempt: AttemptKey = { jobId: parseJobId('job'), attempt: parseAttemptNumber(1) };
/** In the other process it is the same (node-exchange-process-testing.ts). */
const SILENCE_MS = 2_000;
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
  expect(performance.now() - startedMs).toBeLessThan(SILENCE_MS + 5_000);
});

describe.each([
  ['that we dialled', 'tm-a', 'tm-b'],
  ['that dialled us', 'tm-b', 'tm-a'],
])('a connection to a process %s', (_, own, other) => {
  test.each(['requests', 'answers'] as const)(
    'that swallows %s and never tells fails the slot within the bound of silence',
    async (swallowed) => {
      const relays: TcpRelay[] = [];
      const { slot } = await openPair(own, other, relays);
      const startedMs = performance.now();

      relays.forEach((relay) => {
        relay.swallow(swallowed);
      });

      expect(await reportOf(slot)).toMatchObject({ kind: 'failed', code: 'exchange-peer-lost' });
      expect(performance.now() - startedMs).toBeLessThan(SILENCE_MS + 5_000);
      expect(relays.some(({ counts }) => counts.swallowedBytes > 0)).toBe(true);
    },
    20_000,
  );
});

test('a connection over which no greeting came is left behind: the next one is tried', async () => {
  const own = await openExchange('tm-a', 60_000);
  const other = await openExchange('tm-b', 60_000);
  const relay = await TcpRelay.open(other.address);
  closers.push(async () => {
    await relay.close();
  });
  const places = testPlaces(['tm-a', 'tm-b'], { 'tm-a': own.address, 'tm-b': relay.address });
  relay.block('requests');
  const connected = Promise.all(
    [own, other].map(async (exchange) => {
      await exchange.openAttempt(attempt, places).connect(AbortSignal.timeout(15_000));
    }),
  );
  await eventually('the greeting is under way', () => (relay.counts.heldBack > 0 ? true : undefined));

  relay.swallow('requests');
  relay.block('nothing');
  await connected;

  expect(relay.counts.connections).toBe(2);
}, 20_000);

/** Our slot 0 has sent something to slot 1 of the other process, and waits for more to come. */
async function openPair(
  own: string,
  other: string,
  relays?: TcpRelay[],
): Promise<{ slot: Worker; child: ChildProcess }> {
  const reached = async (address: string): Promise<string> => {
    const relay = relays === undefined ? undefined : await TcpRelay.open(address);
    if (relay !== undefined) {
      relays?.push(relay);
      closers.push(async () => {
        await relay.close();
      });
    }
    return relay?.address ?? address;
  };
  const child = fork(new URL('./node-exchange-process-testing.ts', import.meta.url), [other], { execArgv: [] });
  closers.push(async () => {
    child.kill('SIGKILL');
    await Promise.resolve();
  });
  const [otherAddress] = (await once(child, 'message')) as [string];
  const exchange = await openExchange(own, SILENCE_MS);
  const places = testPlaces([own, other], {
    [own]: await reached(exchange.address),
    [other]: await reached(otherAddress),
  });
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

async function openExchange(name: string, silenceMs: number): Promise<TaskManagerExchange<SlotPortsTransfer>> {
  const exchange = await openGrpcExchange({
    taskManager: parseTaskManagerId(name),
    incarnation: parseIncarnation('1'),
    version: '1.0.0',
    advertisedHost: '127.0.0.1',
    bindHost: '127.0.0.1',
    silenceMs,
    port: 0,
    limits: defaultExchangeLimits,
    clock: nodeClock,
    metrics: new MetricRegistry().group({}),
  });
  closers.push(async () => {
    await exchange.close();
  });
  return exchange;
}

async function reportOf(worker: Worker): Promise<unknown> {
  const [report] = (await once(worker, 'message')) as [unknown];
  return report;
}
