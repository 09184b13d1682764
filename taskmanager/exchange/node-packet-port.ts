import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { invariant } from '../../shared/invariant.ts';
import type { PacketPort, PacketPortHandlers } from './packet-port.ts';

/**
 * A packet port over a MessagePort. A post copies: the sender keeps its buffer, and a filled frame goes by one copy. What is
 * cut out of larger memory is copied here and moved.
 */
export class NodePacketPort implements PacketPort {
  readonly #port: MessagePort;
  #handlers: PacketPortHandlers | undefined;
  #isClosed = false;
  #gathered: Uint8Array[] = [];
  #moved: ArrayBuffer[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
  }

  post(packet: Buffer): void {
    this.#flush();
    if (isDense(packet)) {
      this.#port.postMessage(packet);
    } else {
      const { bytes, memory } = cutOut(packet);
      this.#port.postMessage(bytes, [memory]);
    }
  }

  postWithOthers(packet: Buffer): void {
    if (this.#gathered.length === 0) {
      setImmediate(() => {
        this.#flush();
      });
    }
    if (isDense(packet)) {
      this.#gathered.push(packet);
    } else {
      const { bytes, memory } = cutOut(packet);
      this.#gathered.push(bytes);
      this.#moved.push(memory);
    }
  }

  atEndOfTurn(callback: () => void): void {
    queueMicrotask(callback);
  }

  listen(handlers: PacketPortHandlers): void {
    this.#handlers = handlers;
    this.#port.on('message', (message: unknown) => {
      this.#deliver(message);
    });
    this.#port.on('close', () => {
      if (!this.#isClosed) {
        this.#isClosed = true;
        handlers.onClose();
      }
    });
  }

  drain(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) {
        return;
      }
      this.#deliver(received.message);
    }
  }

  close(): void {
    this.#flush();
    this.#isClosed = true;
    this.#port.close();
  }

  #flush(): void {
    if (this.#gathered.length > 0) {
      this.#port.postMessage(this.#gathered, this.#moved);
      this.#gathered = [];
      this.#moved = [];
    }
  }

  #deliver(message: unknown): void {
    if (Array.isArray(message)) {
      for (const packet of message) {
        this.#deliver(packet);
      }
      return;
    }
    invariant(message instanceof Uint8Array, 'a message of the exchange that is no packet');
    this.#handlers?.onPacket(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  }
}

/** A structured clone of a view copies all memory behind it: a packet in much larger memory is cut out first. */
function isDense(packet: Buffer): boolean {
  return packet.byteLength * 2 >= packet.buffer.byteLength;
}

function cutOut(packet: Buffer): { readonly bytes: Uint8Array; readonly memory: ArrayBuffer } {
  const memory = new ArrayBuffer(packet.byteLength);
  const bytes = new Uint8Array(memory);
  bytes.set(packet);
  return { bytes, memory };
}
