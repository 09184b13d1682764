import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Which way bytes do not pass: from who dials, to who dials, or neither. */
export type Blocked = 'nothing' | 'requests' | 'answers' | 'both';

/**
 * A network of a test's own between somebody who dials and a server. A partition keeps connections open and lets nothing
 * through, as a real one does: what was sent arrives when it heals, unless somebody has given up by then.
 */
export class TcpRelay {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  readonly #server: Server;
  #blocked: Blocked = 'nothing';

  private constructor(target: string) {
    const [host = '', port = ''] = target.split(':');
    this.#target = { host, port: Number(port) };
    this.#server = createServer((near) => {
      this.#join(near);
    });
  }

  /** Passes on to `target` (host:port) what reaches `at`; port 0 chooses one. */
  static async open(target: string, at = '127.0.0.1:0'): Promise<TcpRelay> {
    const relay = new TcpRelay(target);
    const [host = '', port = ''] = at.split(':');
    await new Promise<void>((resolve) => relay.#server.listen(Number(port), host, resolve));
    return relay;
  }

  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `${address}:${port}`;
  }

  /** Takes effect at once, for connections that are open and for new ones. */
  block(blocked: Blocked): void {
    this.#blocked = blocked;
    for (const pair of this.#pairs) {
      this.#apply(pair);
    }
  }

  /** Breaks every connection with a reset; new ones are served as before. */
  breakConnections(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    await closed;
  }

  #join(near: Socket): void {
    const far = connect(this.#target.port, this.#target.host);
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('error', () => undefined);
      from.on('data', (chunk) => {
        if (!to.write(chunk)) {
          from.pause();
        }
      });
      to.on('drain', () => {
        this.#apply(pair);
      });
      from.on('end', () => to.end());
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
    this.#apply(pair);
  }

  #apply({ near, far }: { readonly near: Socket; readonly far: Socket }): void {
    flow(near, this.#blocked === 'requests' || this.#blocked === 'both');
    flow(far, this.#blocked === 'answers' || this.#blocked === 'both');
  }
}

function flow(from: Socket, isBlocked: boolean): void {
  if (isBlocked) {
    from.pause();
  } else {
    from.resume();
  }
}
