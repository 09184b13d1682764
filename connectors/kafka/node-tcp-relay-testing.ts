import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A port of a test's own that passes bytes on to a server, until it loses them or is cut, while the server lives on. */
export class TcpRelay {
  readonly #sockets = new Set<Socket>();
  #targetPort = 0;
  readonly #server = createServer((near) => {
    const far = connect(this.#targetPort, '127.0.0.1');
    this.#keep(near, far);
    this.#keep(far, near);
    near.on('data', (bytes) => {
      // A Kafka request begins with its size, then its api key; clients write each by itself.
      if (bytes.length >= 6 && bytes.readInt16BE(4) === this.#losesAfterApiKey) {
        this.loseAnswers();
      }
      far.write(bytes);
    });
    near.on('end', () => far.end());
    far.on('data', (bytes) => {
      if (this.#passesAnswers) {
        near.write(bytes);
      } else {
        this.#lostBytes += bytes.length;
      }
    });
  });
  #passesAnswers = true;
  #lostBytes = 0;
  #losesAfterApiKey = -1;

  /** Listens, on a port that the system chose. */
  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  passTo(port: number): void {
    this.#targetPort = port;
  }

  /** From now on requests arrive, and what the server says is lost. */
  loseAnswers(): void {
    this.#passesAnswers = false;
    this.#lostBytes = 0;
  }

  /** As `loseAnswers`, as soon as a request with this api key passes by. */
  loseAnswersTo(apiKey: number): void {
    this.#losesAfterApiKey = apiKey;
    this.#lostBytes = 0;
  }

  /** Of answers, since `loseAnswers`. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /** Ends all connections; new ones work in both directions. */
  heal(): void {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    this.#passesAnswers = true;
    this.#losesAfterApiKey = -1;
  }

  /** Refuses from now on. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await closed;
  }

  #keep(socket: Socket, other: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }
}
