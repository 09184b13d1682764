import type { SlotPortsTransfer } from '../exchange/node-slot-ports.ts';
import type { SlotCommand, SlotReport, SlotSpec } from './slot-messages.ts';

/**
 * Both ends of a slot's port run the same code of the same process; what arrives has the type that was sent. This states it
 * to the compiler.
 */
export type SlotMail =
  /** A spare thread is to have the module in its memory before it is needed. */
  | { readonly kind: 'preload'; readonly modulePath: string }
  /** Once: from now on the thread is this slot. */
  | { readonly kind: 'begin'; readonly spec: SlotSpec; readonly ports: SlotPortsTransfer }
  | SlotCommand;

export function slotMailFromWire(message: unknown): SlotMail {
  return message as SlotMail;
}

export function slotReportFromWire(message: unknown): SlotReport {
  return message as SlotReport;
}
