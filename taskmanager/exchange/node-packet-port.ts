import { receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { invariant } from '../../shared/invariant.ts';
import type { PacketPort, PacketPortHandlers } from './packet-port.ts';

/**
 * A packet port over a MessagePort. A post copies: measured quicker than moving an ArrayBuffer (32 KB: 130k/s against 100k/s),
 * and the sender keeps its buffer.
 */
export class NodePacketPort implements PacketPort {
  readonly #port: MessagePort;
  #handlers: PacketPortHandlers | undefined;
  #isClosed = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  post(packet: Buffer): void {
    // A structured clone of a view copies all memory behind it: a small packet in large memory is cut out first.
    const isDense = packet.byteLength * 2 >= packet.buffer.byteLength;
    this.#port.postMessage(isDense ? packet : Uint8Array.from(packet));
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
    this.#isClosed = true;
    this.#port.close();
  }

  #deliver(message: unknown): void {
    invariant(message instanceof Uint8Array, 'a message of the exchange that is no packet');
    this.#handlers?.onPacket(Buffer.from(message.buffer, message.byteOffset, message.byteLength));
  }
}
