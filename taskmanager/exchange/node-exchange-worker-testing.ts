import { parentPort, workerData } from 'node:worker_threads';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import type { SlotPlace } from '../../shared/control/messages.ts';
import { parseSubtaskIndex, parseVertexId } from '../../shared/ids.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { defaultExchangeLimits } from './exchange-limits.ts';
import { testGraph } from './exchange-testing.ts';
import { openSlotPorts } from './node-slot-ports.ts';
import type { SlotPortsTransfer } from './node-slot-ports.ts';
import { openSlotExchange } from './open-slot-exchange.ts';

/**
 * A slot's thread for tests of the real ports and streams: source#i → (hash) → sink#i, both in slot i, with a loop as simple
 * as it can be. Records carry their source and number; the sink checks their order.
 */
export interface WorkerTask {
  readonly slot: number;
  readonly slots: number;
  readonly taskManager: TaskManagerId;
  readonly places: readonly SlotPlace[];
  readonly ports: SlotPortsTransfer;
  readonly records: number;
  readonly recordBytes: number;
  /** The source stops after so many records, and never ends. */
  readonly stopAfter?: number;
  /** The sink reads nothing. */
  readonly isSinkStopped?: boolean;
}

export type WorkerReport =
  | { readonly kind: 'done'; readonly received: number; readonly isInOrder: boolean; readonly cpuMs: number }
  | { readonly kind: 'stalled'; readonly written: number; readonly queuedFrames: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

const task = workerData as WorkerTask;
const port = required(parentPort ?? undefined, 'the thread that started this one');

const exchange = openSlotExchange({
  graph: testGraph({ source: task.slots, sink: task.slots }, [
    { from: 'source', to: 'sink', partitioning: { kind: 'hash', key: (value) => (value as TestRecord).key } },
  ]),
  slot: task.slot,
  taskManager: task.taskManager,
  places: task.places,
  ports: openSlotPorts(task.ports),
  limits: defaultExchangeLimits,
  clock: nodeClock,
  onWake: wake,
  onFailure: (failure) => {
    report({ kind: 'failed', code: failure.code, message: failure.message });
    exchange.close();
    port.close();
  },
});

interface TestRecord {
  readonly source: number;
  readonly number: number;
  readonly key: string;
  readonly bytes: Uint8Array;
}

const subtask = parseSubtaskIndex(task.slot);
const output = required(exchange.outputsOf(parseVertexId('source'), subtask, 'source', 'main')[0], 'the output');
const gate = required(exchange.gateOf(parseVertexId('sink'), subtask), 'the gate');
const bytes = Buffer.alloc(task.recordBytes, 65);
const lastNumbers = new Map<number, number>();
let written = 0;
let received = 0;
let isInOrder = true;
let endedChannels = 0;
let isScheduled = false;
let hasEnded = false;
let isStallTold = false;

port.on('message', wake);

function wake(): void {
  if (!isScheduled) {
    isScheduled = true;
    setImmediate(turn);
  }
}

function turn(): void {
  isScheduled = false;
  const hasRead = readSome();
  const hasWritten = writeSome();
  exchange.flushWrittenBefore(nodeClock.monotonicMs() - 5);
  if (hasRead || hasWritten) {
    wake();
    return;
  }
  exchange.flush();
  if (hasEnded && exchange.isDrained && endedChannels === gate.channelCount) {
    report({ kind: 'done', received, isInOrder, cpuMs: process.threadCpuUsage().user / 1000 });
    exchange.close();
    port.close();
  } else if (!isStallTold && (task.isSinkStopped ?? task.stopAfter !== undefined)) {
    isStallTold = true;
    report({ kind: 'stalled', written, queuedFrames: gate.queuedFrames });
  }
}

function readSome(): boolean {
  if (task.isSinkStopped === true || !gate.hasInput) {
    return false;
  }
  gate.poll(1000, {
    record: (_, value) => {
      const record = value as TestRecord;
      isInOrder &&= record.number > (lastNumbers.get(record.source) ?? -1) && record.bytes.length === task.recordBytes;
      lastNumbers.set(record.source, record.number);
      received += 1;
      return true;
    },
    control: (_, element) => {
      endedChannels += element.kind === 'end-of-input' ? 1 : 0;
    },
  });
  return true;
}

function writeSome(): boolean {
  const before = written;
  for (let budget = 1000; budget > 0 && !hasEnded && written !== task.stopAfter && output.isWritable; budget -= 1) {
    if (written === task.records) {
      hasEnded = true;
      output.writeControl({ kind: 'end-of-input' });
      return true;
    }
    const record: TestRecord = { source: task.slot, number: written, key: `patient-${written % 997}`, bytes };
    output.writeRecord(record, undefined);
    written += 1;
  }
  return written !== before;
}

function report(message: WorkerReport): void {
  port.postMessage(message);
}
