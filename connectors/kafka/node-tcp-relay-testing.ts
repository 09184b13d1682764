import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A port of a test's own that passes bytes on to a server, until it is cut: then it refuses, while the server lives on. */
export class TcpRelay {
  readonly #sockets = new Set<Socket>();
  #targetPort = 0;
  readonly #server = createServer((near) => {
    const far = connect(this.#targetPort, '127.0.0.1');
    this.#keep(near, far);
    this.#keep(far, near);
    near.pipe(far);
    far.pipe(near);
  });

  /** Listens, on a port that the system chose. */
  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  passTo(port: number): void {
    this.#targetPort = port;
  }

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
