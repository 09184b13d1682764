import type { SlotPlace } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { ALL_SLOTS, makePacket } from './frame-codec.ts';
import type { PacketPort } from './packet-port.ts';

/** One attempt in the router: where its slots are, and the ports to those of this process. */
export class RoutedAttempt {
  readonly name: string;
  readonly number: number;
  /** Every other task manager of the attempt, with its data address. */
  readonly peers: ReadonlyMap<TaskManagerId, string>;
  readonly #owners: ReadonlyMap<number, TaskManagerId>;
  readonly #ports: Map<number, PacketPort>;
  #onPeersChanged: () => void = () => undefined;
  #refusal: Failure | undefined;

  constructor(options: {
    readonly name: string;
    readonly number: number;
    readonly self: TaskManagerId;
    readonly slots: readonly SlotPlace[];
    readonly ports: ReadonlyMap<number, PacketPort>;
  }) {
    this.name = options.name;
    this.number = options.number;
    this.#owners = new Map(options.slots.map((place) => [place.slot, place.taskManager]));
    this.peers = new Map(
      options.slots
        .filter((place) => place.taskManager !== options.self)
        .map((place) => [place.taskManager, place.dataAddress]),
    );
    this.#ports = new Map(options.ports);
  }

  /** Slots of this process whose port is open. */
  get openSlots(): readonly number[] {
    return [...this.#ports.keys()];
  }

  ownerOf(slot: number): TaskManagerId | undefined {
    return this.#owners.get(slot);
  }

  slotsOf(peer: TaskManagerId): readonly number[] {
    return [...this.#owners].filter(([, owner]) => owner === peer).map(([slot]) => slot);
  }

  portOf(slot: number): PacketPort | undefined {
    return this.#ports.get(slot);
  }

  dropPort(slot: number): void {
    this.#ports.delete(slot);
  }

  /** Tells every slot here that `slots` of another process are gone. */
  tellGone(slots: readonly number[], reason: string): void {
    for (const [targetSlot, port] of this.#ports) {
      for (const sourceSlot of slots) {
        port.post(makePacket({ kind: 'slot-gone', attempt: 0, sourceSlot, targetSlot }, Buffer.from(reason)));
      }
    }
  }

  /** A packet that tells a peer's slots that one of ours is gone. */
  goneSlot(sourceSlot: number): Buffer {
    return makePacket({ kind: 'slot-gone', attempt: 0, sourceSlot, targetSlot: ALL_SLOTS }, Buffer.alloc(0));
  }

  onPeersChanged(): void {
    this.#onPeersChanged();
  }

  onRefused(failure: Failure): void {
    this.#refusal = failure;
    this.#onPeersChanged();
  }

  /** Ends when `missing()` is empty. @throws StreamError when a peer refused, or when `signal` aborts before. */
  async connect(missing: () => readonly TaskManagerId[], signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = (): void => {
        if (this.#refusal !== undefined) {
          reject(new StreamError(this.#refusal));
        } else if (missing().length === 0) {
          resolve();
        } else if (signal.aborted) {
          reject(new StreamError(unreachablePeers(missing())));
        }
      };
      this.#onPeersChanged = check;
      signal.addEventListener('abort', check, { once: true });
      check();
    });
  }
}

function unreachablePeers(peers: readonly TaskManagerId[]): Failure {
  return {
    code: 'exchange-peer-unreachable',
    reaction: 'restart-job',
    message: `No data stream to task manager ${peers.join(', ')} came about in time.`,
    remedy:
      'Check that every task manager can reach the host and data port of every other one (taskmanager.advertised-host).',
  };
}
