import type { PacketPort, PacketPortHandlers } from './packet-port.ts';

/** What the simulation or a test delivers when it chooses; in order per direction. */
export class MemoryPacketPort implements PacketPort {
  #peer: MemoryPacketPort | undefined;
  #handlers: PacketPortHandlers | undefined;
  #inbox: (Buffer | 'close')[] = [];
  #turnEnds: (() => void)[] = [];
  #isClosed = false;

  /** Two ends of one pipe. */
  static pair(): readonly [MemoryPacketPort, MemoryPacketPort] {
    const a = new MemoryPacketPort();
    const b = new MemoryPacketPort();
    a.#peer = b;
    b.#peer = a;
    return [a, b];
  }

  post(packet: Buffer): void {
    if (!this.#isClosed) {
      this.#peer?.#inbox.push(Buffer.from(packet));
    }
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
      this.#peer?.#inbox.push('close');
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
