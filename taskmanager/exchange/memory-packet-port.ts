import type { PacketPort, PacketPortHandlers } from './packet-port.ts';

type Message = Buffer | 'close';

/** What the simulation or a test delivers when it chooses; in order per direction. */
export class MemoryPacketPort implements PacketPort {
  readonly #inbox: Message[];
  readonly #outbox: Message[];
  #handlers: PacketPortHandlers | undefined;
  #turnEnds: (() => void)[] = [];
  #isClosed = false;

  constructor(inbox: Message[], outbox: Message[]) {
    this.#inbox = inbox;
    this.#outbox = outbox;
  }

  /** Two ends of one pipe. */
  static pair(): readonly [MemoryPacketPort, MemoryPacketPort] {
    const there: Message[] = [];
    const back: Message[] = [];
    return [new MemoryPacketPort(back, there), new MemoryPacketPort(there, back)];
  }

  post(packet: Buffer): void {
    if (!this.#isClosed) {
      this.#outbox.push(Buffer.from(packet));
    }
  }

  postWithOthers(packet: Buffer): void {
    this.post(packet);
  }

  atEndOfTurn(callback: () => void): void {
    this.#turnEnds.push(callback);
  }

  listen(handlers: PacketPortHandlers): void {
    this.#handlers = handlers;
  }

  drain(): void {
    while (this.inboxLength > 0) {
      this.deliverNext();
    }
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#outbox.push('close');
    }
  }

  /** The running turn ends. */
  endTurn(): void {
    const callbacks = this.#turnEnds;
    this.#turnEnds = [];
    for (const callback of callbacks) {
      callback();
    }
  }

  /** Packets (and a close) under way to this end. */
  get inboxLength(): number {
    return this.#isClosed ? 0 : this.#inbox.length;
  }

  deliverNext(): void {
    const next = this.#inbox.shift();
    if (next === undefined || this.#isClosed) {
      return;
    }
    if (next === 'close') {
      this.#isClosed = true;
      this.#handlers?.onClose();
    } else {
      this.#handlers?.onPacket(next);
    }
  }

  /** A fault: the next packet under way to this end is lost. */
  loseNext(): void {
    this.#inbox.shift();
  }
}
