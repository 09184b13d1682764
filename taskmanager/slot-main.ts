import { parentPort } from 'node:worker_threads';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { armNodeFailpoints } from '../shared/failpoints/node-failpoints.ts';
import { classifyUnknown } from '../shared/failure/failure.ts';
import type { JobGraph } from '../shared/graph/job-graph.ts';
import { required } from '../shared/invariant.ts';
import { loadJob } from '../shared/job/node-load-job.ts';
import { nodeLogger } from '../shared/log/node-logger.ts';
import { openSlotPorts } from './exchange/node-slot-ports.ts';
import type { SlotPortsTransfer } from './exchange/node-slot-ports.ts';
import { openSlotExchange } from './exchange/open-slot-exchange.ts';
import { graphOf } from './slots/load-graph.ts';
import { NodeSlotState } from './slots/node-slot-state.ts';
import { Slot } from './slots/slot.ts';
import { slotMailFromWire } from './slots/slot-wire.ts';
import type { SlotCommand, SlotReport, SlotSpec } from './slots/slot-messages.ts';
import { TASK_CONNECTORS } from './wiring.ts';

/**
 * A slot's thread, from its start to its end. At first it is a spare (node-slot-threads.ts); it becomes a slot once. It ends by
 * itself when the slot has ended (Slot I1); the main thread ends it when it does not.
 */
// A user's error names the line that the user wrote: the bundle carries its source map.
process.setSourceMapsEnabled(true);

const port = required(parentPort ?? undefined, 'the thread that started this one');
const opening = new AbortController();
/** Commands that came while the module was loading. */
const early: SlotCommand[] = [];
let slot: Slot | undefined;
port.on('message', (message: unknown) => {
  const mail = slotMailFromWire(message);
  switch (mail.kind) {
    case 'preload':
      // What is wrong with it is told when it is needed.
      loadJob(mail.modulePath).catch(() => undefined);
      return;
    case 'begin':
      run(mail.spec, mail.ports).then(end, (error: unknown) => {
        throw error;
      });
      return;
    default:
      onCommand(mail);
  }
});

function onCommand(command: SlotCommand): void {
  if (slot !== undefined) {
    slot.onCommand(command);
  } else if (command.kind === 'cancel') {
    opening.abort();
    report({ kind: 'done' });
    end();
  } else {
    early.push(command);
  }
}

async function run(spec: SlotSpec, ports: SlotPortsTransfer): Promise<void> {
  const { deployment, settings, taskManager } = spec;
  armNodeFailpoints(`taskmanager ${taskManager} slot ${spec.slot}`);
  try {
    const [job, state] = await Promise.all([
      loadJob(spec.modulePath),
      NodeSlotState.open({ deployment, taskManager, settings: settings.state }, opening.signal),
    ]);
    slot = openSlot(spec, ports, graphOf(job, deployment), state);
    slot.open();
    for (const command of early) {
      slot.onCommand(command);
    }
    await slot.ended;
    report({ kind: 'done' });
  } catch (error) {
    report({ kind: 'slot-failed', failure: classifyUnknown(error, `slot ${spec.slot} of ${deployment.jobId}`) });
  }
}

function openSlot(spec: SlotSpec, ports: SlotPortsTransfer, graph: JobGraph, state: NodeSlotState): Slot {
  const { deployment, settings, taskManager } = spec;
  return new Slot(graph, spec, {
    clock: nodeClock,
    schedule: setImmediate,
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => {
        clearTimeout(timer);
      };
    },
    connectors: TASK_CONNECTORS,
    state,
    logger: nodeLogger(`taskmanager ${taskManager} slot ${spec.slot}`, settings.logLevel),
    report,
    openExchange: (callbacks) =>
      openSlotExchange({
        graph,
        slot: spec.slot,
        taskManager,
        places: deployment.slots,
        ports: openSlotPorts(ports),
        limits: settings.limits,
        clock: nodeClock,
        ...callbacks,
      }),
  });
}

function report(message: SlotReport): void {
  port.postMessage(message);
}

/** What was posted before arrives. Whatever a connector left behind (a socket, a timer) must not keep the slot occupied. */
function end(): void {
  setImmediate(() => {
    process.exit(0);
  });
}
