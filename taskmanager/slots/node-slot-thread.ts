import { Worker } from 'node:worker_threads';
import type { Failure } from '../../shared/failure/failure.ts';
import { portsOf } from '../exchange/node-slot-ports.ts';
import type { SlotPortsTransfer } from '../exchange/node-slot-ports.ts';
import type { SlotCommand, SlotReport, SlotSpec } from './slot-messages.ts';
import { slotReportFromWire } from './slot-wire.ts';
import type { SlotMail } from './slot-wire.ts';

/**
 * Records die young. With V8's default the young generation of a slot is full every few milliseconds under load, and records
 * that are still under way are copied into the old one.
 */
const YOUNG_GENERATION_MIB = 96;

export interface SlotThreadEvents {
  readonly onReport: (report: SlotReport) => void;
  /** Once: nothing of the thread runs any more. `failure` when it did not end by itself. */
  readonly onEnd: (failure: Failure | undefined) => void;
}

/** A thread with the task manager's modules in its memory that is no slot yet. */
export interface SpareThread {
  readonly worker: Worker;
  readonly heapMiB: number;
}

/**
 * `heapMiB`: most JavaScript heap. A thread that grows beyond it step by step dies, and only the thread; one that asks for very
 * much between two of V8's checks can still take the process with it, which the coordinator sees as a lost task manager.
 */
export function spawnSpare(entry: URL, heapMiB: number): SpareThread {
  const worker = new Worker(entry, {
    name: 'slot',
    resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    stdin: false,
  });
  // As long as it is no slot it must not keep the process.
  worker.unref();
  return { worker, heapMiB };
}

/** The main thread's handle on a slot's thread. */
export interface SlotThread {
  post(command: SlotCommand): void;
  /** Ends it wherever it is. */
  terminate(): void;
}

/** The spare thread becomes a slot. */
export function beginSlot(
  { worker, heapMiB }: SpareThread,
  { spec, ports }: { readonly spec: SlotSpec; readonly ports: SlotPortsTransfer },
  events: SlotThreadEvents,
): SlotThread {
  let failure: Failure | undefined;
  let isExpected = false;
  worker.ref();
  worker.on('message', (message: unknown) => {
    const report = slotReportFromWire(message);
    isExpected ||= report.kind === 'done' || report.kind === 'slot-failed';
    events.onReport(report);
  });
  worker.on('error', (error: unknown) => {
    failure = crashOf(error, spec, heapMiB);
  });
  worker.on('exit', (code) => {
    events.onEnd(failure ?? (isExpected ? undefined : exitOf(code, spec)));
  });
  const begin: SlotMail = { kind: 'begin', spec, ports };
  worker.postMessage(begin, [...portsOf(ports)]);
  return {
    post: (command) => {
      worker.postMessage(command);
    },
    terminate: () => {
      isExpected = true;
      worker.terminate().catch(() => undefined);
    },
  };
}

/** The text of a foreign error may quote data: its class, its code and the place where it was thrown are kept. */
function crashOf(error: unknown, spec: SlotSpec, heapMiB: number): Failure {
  const where = whereOf(spec);
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return {
      code: 'slot-out-of-memory',
      reaction: 'restart-job',
      message: `${where} needed more than ${heapMiB} MiB of heap and was ended`,
      remedy: 'Raise taskmanager.slot.heap-size, or look for what a function of the job keeps.',
    };
  }
  const what = error instanceof Error ? `${error.name}${frameOf(error)}` : 'a value that is no error';
  return {
    code: 'slot-crashed',
    reaction: 'restart-job',
    message: `${where} ended by an error that nothing caught: ${what}`,
    remedy: 'A promise of the job that rejects unheeded, or a throw in a callback, does this.',
  };
}

function exitOf(code: number, spec: SlotSpec): Failure {
  return {
    code: 'slot-exited',
    reaction: 'restart-job',
    message: `${whereOf(spec)} ended by itself with exit code ${code}`,
    remedy: 'The job, or a library of it, calls process.exit: it must not.',
  };
}

function whereOf({ deployment, slot, taskManager }: SlotSpec): string {
  return `the thread of slot ${slot} of ${deployment.jobId}#${deployment.attempt} on ${taskManager}`;
}

function frameOf(error: Error): string {
  const frame = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return frame === undefined ? '' : ` ${frame.trim()}`;
}
