import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';
import { parseAttemptNumber, parseIncarnation, parseJobId, parseTaskManagerId } from '../../shared/ids.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import type { AttemptExchange, TaskManagerExchange } from './attempt-exchange.ts';
import { defaultExchangeLimits } from './exchange-limits.ts';
import { testPlaces } from './exchange-testing.ts';
import { openGrpcExchange } from './grpc-exchange.ts';
import type { WorkerReport, WorkerTask } from './node-exchange-worker-testing.ts';
import { portsOf } from './node-slot-ports.ts';
import type { SlotPortsTransfer } from './node-slot-ports.ts';

type Exchange = TaskManagerExchange<SlotPortsTransfer>;

const attempt: AttemptKey = { jobId: parseJobId('job'), attempt: parseAttemptNumber(1) };
const openExchanges: Exchange[] = [];
const workers: Worker[] = [];

afterEach(async () => {
  await Promise.all(workers.splice(0).map(async (worker) => await worker.terminate()));
  await Promise.all(openExchanges.splice(0).map(async (exchange) => await exchange.close()));
});

describe('slots in threads of two task managers', () => {
  test('shuffle into each other by ports and gRPC, each record once and in order', async () => {
    const cluster = await openCluster(['tm-a', 'tm-a', 'tm-b']);

    const reports = await Promise.all(
      cluster.places.map(async (_, slot) => await cluster.run(slot, { records: 20_000, recordBytes: 200 })),
    );

    expect(reports.map((report) => report.kind)).toStrictEqual(['done', 'done', 'done']);
    expect(reports.every((report) => report.kind === 'done' && report.isInOrder)).toBe(true);
    expect(reports.reduce((sum, report) => sum + (report.kind === 'done' ? report.received : 0), 0)).toBe(60_000);
  });

  test('carry records larger than any frame', async () => {
    const cluster = await openCluster(['tm-a', 'tm-b']);

    const reports = await Promise.all(
      [0, 1].map(async (slot) => await cluster.run(slot, { records: 6, recordBytes: 5_000_000 })),
    );

    expect(reports.map((report) => report.kind === 'done' && report.isInOrder)).toStrictEqual([true, true]);
  });

  test('stop writing when nobody reads: what is under way is bounded by credits', async () => {
    const cluster = await openCluster(['tm-a', 'tm-b']);

    const reports = await Promise.all(
      [0, 1].map(async (slot) => await cluster.run(slot, { records: 1e9, recordBytes: 1000, isSinkStopped: true })),
    );

    // Two channels per source: 8 credits, 2 queued and 1 filling frame each, of 32 KB.
    for (const report of reports) {
      expect(report.kind === 'stalled' && report.written).toBeLessThanOrEqual(2 * (8 + 2 + 1) * 32);
    }
  });

  test('fail at once when a peer’s process goes', async () => {
    const cluster = await openCluster(['tm-a', 'tm-b']);
    const stalled = [0, 1].map((slot) => cluster.start(slot, { records: 10, recordBytes: 10, stopAfter: 5 }));
    await Promise.all(stalled.map(async (worker) => await nextReport(worker)));

    const failed = nextReport(stalled[0]!);
    await cluster.exchanges.get('tm-b')!.close();

    expect(await failed).toMatchObject({ kind: 'failed', code: 'exchange-peer-lost' });
  });

  test('fail at once when a peer’s thread dies, in the same process and in another', async () => {
    const cluster = await openCluster(['tm-a', 'tm-a', 'tm-b']);
    const stalled = [0, 1, 2].map((slot) => cluster.start(slot, { records: 10, recordBytes: 10, stopAfter: 5 }));
    await Promise.all(stalled.map(async (worker) => await nextReport(worker)));

    const failed = [1, 2].map(async (slot) => await nextReport(stalled[slot]!));
    await stalled[0]!.terminate();

    expect(await Promise.all(failed)).toMatchObject([
      { kind: 'failed', code: 'exchange-peer-lost' },
      { kind: 'failed', code: 'exchange-peer-lost' },
    ]);
  });

  test('a second attempt runs over the same streams after the first ended', async () => {
    const cluster = await openCluster(['tm-a', 'tm-b']);
    await Promise.all([0, 1].map(async (slot) => await cluster.run(slot, { records: 100, recordBytes: 10 })));
    cluster.closeAttempt();

    await cluster.openAttempt({ ...attempt, attempt: parseAttemptNumber(2) });
    const reports = await Promise.all(
      [0, 1].map(async (slot) => await cluster.run(slot, { records: 100, recordBytes: 10 })),
    );

    expect(reports.map((report) => report.kind)).toStrictEqual(['done', 'done']);
  });
});

describe('the greeting', () => {
  test('refuses another version, with both versions in the message', async () => {
    const a = await openExchange('tm-a', '1.0.0');
    const b = await openExchange('tm-b', '2.0.0');
    const places = testPlaces(['tm-a', 'tm-b'], { 'tm-a': a.address, 'tm-b': b.address });
    b.openAttempt(attempt, places);

    await expect(a.openAttempt(attempt, places).connect(AbortSignal.timeout(5_000))).rejects.toThrow(
      /tm-b cannot be a peer: tm-a runs version 1\.0\.0 \(.*\), tm-b runs 2\.0\.0 \(/,
    );
  });

  test('refuses other limits, since the two ends would count credits differently', async () => {
    const a = await openExchange('tm-a');
    const b = await openExchange('tm-b', '1.0.0', 4);
    const places = testPlaces(['tm-a', 'tm-b'], { 'tm-a': a.address, 'tm-b': b.address });

    await expect(a.openAttempt(attempt, places).connect(AbortSignal.timeout(5_000))).rejects.toThrow('4 credits');
  });

  test('refuses a process that is another task manager than the one looked for', async () => {
    const a = await openExchange('tm-a');
    const c = await openExchange('tm-c');
    const places = testPlaces(['tm-a', 'tm-b'], { 'tm-a': a.address, 'tm-b': c.address });

    await expect(a.openAttempt(attempt, places).connect(AbortSignal.timeout(5_000))).rejects.toThrow(
      'tm-a looks for tm-b, but this is tm-c',
    );
  });

  test('waits for a peer that is not there until the deadline, and names it', async () => {
    const a = await openExchange('tm-a');
    const gone = await openExchange('tm-b');
    await gone.close();
    const places = testPlaces(['tm-a', 'tm-b'], { 'tm-a': a.address, 'tm-b': gone.address });

    await expect(a.openAttempt(attempt, places).connect(AbortSignal.timeout(300))).rejects.toThrow(
      'No data stream to task manager tm-b came about in time',
    );
  });
});

interface Cluster {
  readonly places: readonly SlotPlace[];
  readonly exchanges: ReadonlyMap<string, Exchange>;
  openAttempt(key: AttemptKey): Promise<void>;
  closeAttempt(): void;
  start(slot: number, task: TaskOptions): Worker;
  run(slot: number, task: TaskOptions): Promise<WorkerReport>;
}

type TaskOptions = Pick<WorkerTask, 'records' | 'recordBytes'> &
  Partial<Pick<WorkerTask, 'stopAfter' | 'isSinkStopped'>>;

async function openExchange(name: string, version = '1.0.0', creditsMax = 8): Promise<Exchange> {
  const exchange = await openGrpcExchange({
    taskManager: parseTaskManagerId(name),
    incarnation: parseIncarnation('1'),
    version,
    advertisedHost: '127.0.0.1',
    bindHost: '127.0.0.1',
    silenceMs: 4_000,
    port: 0,
    limits: { ...defaultExchangeLimits, creditsMax },
    clock: nodeClock,
    metrics: new MetricRegistry().group({}),
  });
  openExchanges.push(exchange);
  return exchange;
}

/** One slot for each name, on the task manager of that name; the first attempt is open and connected. */
async function openCluster(names: readonly string[]): Promise<Cluster> {
  const exchanges = new Map<string, Exchange>();
  for (const name of new Set(names)) {
    exchanges.set(name, await openExchange(name));
  }
  const addresses = Object.fromEntries([...exchanges].map(([name, exchange]) => [name, exchange.address]));
  const places = testPlaces(names, addresses);
  const attempts = new Map<string, AttemptExchange<SlotPortsTransfer>>();
  const start = (slot: number, task: TaskOptions): Worker => {
    const ports = attempts.get(names[slot]!)!.takePorts(slot);
    const workerData: WorkerTask = {
      slot,
      slots: names.length,
      taskManager: parseTaskManagerId(names[slot]!),
      places,
      ports,
      ...task,
    };
    const worker = new Worker(new URL('./node-exchange-worker-testing.ts', import.meta.url), {
      workerData,
      transferList: [...portsOf(ports)],
    });
    workers.push(worker);
    const opened = attempts.get(names[slot]!)!;
    worker.once('exit', () => {
      opened.endSlot(slot);
    });
    worker.postMessage('begin');
    return worker;
  };
  const cluster: Cluster = {
    places,
    exchanges,
    openAttempt: async (key) => {
      for (const [name, exchange] of exchanges) {
        attempts.set(name, exchange.openAttempt(key, places));
      }
      const signal = AbortSignal.timeout(5_000);
      await Promise.all([...attempts.values()].map(async (each) => await each.connect(signal)));
    },
    closeAttempt: () => {
      for (const each of attempts.values()) {
        each.close();
      }
    },
    start,
    run: async (slot, task) => await nextReport(start(slot, task)),
  };
  await cluster.openAttempt(attempt);
  return cluster;
}

async function nextReport(worker: Worker): Promise<WorkerReport> {
  return await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
