import type { TaskManagerId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { PacketLink } from './packet-link.ts';
import type { SlotExchangeOptions } from './slot-exchange.ts';

/** One slot's links to other slots, made when first asked for. */
export class SlotLinks {
  readonly #options: SlotExchangeOptions;
  readonly #taskManagers: ReadonlyMap<number, TaskManagerId>;
  readonly #links = new Map<number, PacketLink>();

  constructor(options: SlotExchangeOptions) {
    this.#options = options;
    this.#taskManagers = new Map(options.places.map((place) => [place.slot, place.taskManager]));
  }

  /** Through the port to the slot's thread if it is in this process, else through the router. */
  linkTo(targetSlot: number): PacketLink {
    const known = this.#links.get(targetSlot);
    if (known !== undefined) {
      return known;
    }
    const { slot: sourceSlot, taskManager, ports } = this.#options;
    const place = required(this.#taskManagers.get(targetSlot), `the place of slot ${targetSlot}`);
    const port =
      place === taskManager ? required(ports.peers.get(targetSlot), `the port to slot ${targetSlot}`) : ports.router;
    const link = new PacketLink({ port, sourceSlot, targetSlot });
    this.#links.set(targetSlot, link);
    return link;
  }

  close(): void {
    for (const link of this.#links.values()) {
      link.flush();
    }
    const { router, peers } = this.#options.ports;
    for (const port of [router, ...peers.values()]) {
      port.close();
    }
  }
}
