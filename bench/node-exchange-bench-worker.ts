import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { required } from '../shared/invariant.ts';
import { defaultExchangeLimits } from '../taskmanager/exchange/exchange-limits.ts';
import { openSlotPorts } from '../taskmanager/exchange/node-slot-ports.ts';
import { openSlotExchange } from '../taskmanager/exchange/open-slot-exchange.ts';
import { benchGraph, benchSubtask, makeRecords, SINK, SOURCE } from './exchange-bench-job.ts';
import type { BenchTask } from './exchange-bench-job.ts';

/** One slot of the exchange benchmark: writes, reads, or does both, as fast as it can. Posts `warm`, then `done`. */
const task = workerData as BenchTask;
const port = required(parentPort ?? undefined, 'the thread that started this one');
const graph = benchGraph(task.shape, task.payload);
const exchange = openSlotExchange({
  graph,
  slot: task.slot,
  taskManager: task.taskManager,
  places: task.places,
  ports: openSlotPorts(task.ports),
  limits: defaultExchangeLimits,
  clock: nodeClock,
  onWake: wake,
  onFailure: (failure) => {
    throw new Error(failure.message);
  },
});
const output = exchange.outputsOf(SOURCE, benchSubtask, SOURCE, 'main')[0];
const gate = exchange.gateOf(SINK, benchSubtask);
const isSource = task.shape === 'one-slot' || task.slot === 0;
const isSink = task.shape === 'one-slot' || task.slot === 1;
const records = makeRecords(task.payload);
let written = 0;
let received = 0;
let isScheduled = false;

port.on('message', wake);

function wake(): void {
  if (!isScheduled) {
    isScheduled = true;
    setImmediate(turn);
  }
}

function turn(): void {
  isScheduled = false;
  const deadline = nodeClock.monotonicMs() + 2;
  let hasMoved: boolean;
  do {
    hasMoved = read() || write();
  } while (hasMoved && nodeClock.monotonicMs() < deadline);
  if (hasMoved) {
    exchange.flushWrittenBefore(nodeClock.monotonicMs() - 5);
    wake();
  } else {
    exchange.flush();
  }
}

function read(): boolean {
  if (!isSink || gate?.hasInput !== true) {
    return false;
  }
  const before = received;
  gate.poll(200, {
    record: () => {
      received += 1;
      work();
      return true;
    },
    control: () => undefined,
  });
  if (before < task.warmUp && received >= task.warmUp) {
    port.postMessage('warm');
  }
  if (before < task.records && received >= task.records) {
    port.postMessage('done');
  }
  return true;
}

/** Stands for what an operator does with a record, so that the sink's thread is not asleep whenever a frame comes. */
function work(): void {
  const until = performance.now() + task.workUs / 1000;
  while (performance.now() < until) {
    // Busy on purpose.
  }
}

function write(): boolean {
  if (!isSource || output === undefined || written >= task.records || !output.isWritable) {
    return false;
  }
  for (let budget = 200; budget > 0 && written < task.records; budget -= 1) {
    output.writeRecord(records[written & 1023], 1_700_000_000_000 + written);
    written += 1;
  }
  return true;
}
