import type { SlotPortsTransfer } from '../exchange/node-slot-ports.ts';
import type { SlotCommand, SlotReport, SlotSpec } from './slot-messages.ts';

/**
 * Both ends of a slot's port run the same code of the same process; what arrives has the type that was sent. This states it
 * to the compiler.
 */
export interface SlotStart {
  readonly spec: SlotSpec;
  readonly ports: SlotPortsTransfer;
}

export function slotStartFromWire(workerData: unknown): SlotStart {
  return workerData as SlotStart;
}

export function slotCommandFromWire(message: unknown): SlotCommand {
  return message as SlotCommand;
}

export function slotReportFromWire(message: unknown): SlotReport {
  return message as SlotReport;
}
