import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { required } from '../../shared/invariant.ts';
import { NodePacketPort } from './node-packet-port.ts';
import type { PacketPort } from './packet-port.ts';
import type { SlotPorts } from './slot-exchange.ts';

/** A slot's ports on their way into its thread: send it as (part of) `workerData` with `portsOf(…)` in the transfer list. */
export interface SlotPortsTransfer {
  readonly router: MessagePort;
  readonly peers: readonly { readonly slot: number; readonly port: MessagePort }[];
}

/** The ports to name in the transfer list. */
export function portsOf(transfer: SlotPortsTransfer): readonly MessagePort[] {
  return [transfer.router, ...transfer.peers.map(({ port }) => port)];
}

/** In the slot's thread: the ports as the exchange uses them. */
export function openSlotPorts(transfer: SlotPortsTransfer): SlotPorts {
  return {
    router: new NodePacketPort(transfer.router),
    peers: new Map(transfer.peers.map(({ slot, port }) => [slot, new NodePacketPort(port)])),
  };
}

export interface MadePorts {
  /** By slot: what is moved into its thread. */
  readonly transfers: ReadonlyMap<number, SlotPortsTransfer>;
  /** By slot: the router's end. */
  readonly routerEnds: ReadonlyMap<number, PacketPort>;
}

/** In the main thread: one pipe from each slot of this process to the router, and one between every two of them. */
export function makeSlotPorts(slots: readonly number[]): MadePorts {
  const routerEnds = new Map<number, PacketPort>();
  const routers = new Map<number, MessagePort>();
  const peers = new Map<number, { slot: number; port: MessagePort }[]>(slots.map((slot) => [slot, []]));
  slots.forEach((slot, i) => {
    const toRouter = new MessageChannel();
    routers.set(slot, toRouter.port1);
    routerEnds.set(slot, new NodePacketPort(toRouter.port2));
    for (const other of slots.slice(i + 1)) {
      const between = new MessageChannel();
      peers.get(slot)?.push({ slot: other, port: between.port1 });
      peers.get(other)?.push({ slot, port: between.port2 });
    }
  });
  const transfers = new Map(
    slots.map((slot) => [slot, { router: required(routers.get(slot), 'router port'), peers: peers.get(slot) ?? [] }]),
  );
  return { transfers, routerEnds };
}
