import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Which way bytes do not pass: from who dials, to who dials, or neither. */
export type Blocked = 'nothing' | 'requests' | 'answers' | 'both';

/** What was done to the bytes: the proof that a fault happened. */
export interface RelayCounts {
  /** Connections that were dialled. */
  connections: number;
  /** Pieces that came while their way was blocked, and were kept until it was not. */
  heldBack: number;
  /** Bytes that were taken and never delivered. */
  swallowedBytes: number;
}

/**
 * A network of a test's own between somebody who dials and a server. A partition keeps connections open and lets nothing
 * through, as a real one does, neither bytes nor ends: what was sent arrives when it heals, unless somebody has given up by then.
 */
export class TcpRelay {
  readonly counts: RelayCounts = { connections: 0, heldBack: 0, swallowedBytes: 0 };
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
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

  /**
   * Loses all that the connections carry that are open now, for ever, and never tells: a router that forgot them. New
   * connections are served as before.
   */
  swallow(blocked: Blocked): void {
    for (const { requests, answers } of this.#pairs) {
      if (isBlocked(blocked, 'requests')) {
        this.#lose(requests);
      }
      if (isBlocked(blocked, 'answers')) {
        this.#lose(answers);
      }
    }
  }

  /** What is held back is lost as well. */
  #lose(way: Way): void {
    way.isLost = true;
    this.counts.swallowedBytes += way.held.splice(0).reduce((sum, { length }) => sum + length, 0);
    way.from.resume();
  }

  /** Breaks every connection with a reset; new ones are served as before. */
  breakConnections(): void {
    for (const { requests, answers } of this.#pairs) {
      requests.from.resetAndDestroy();
      answers.from.destroy();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { requests, answers } of this.#pairs) {
      requests.from.destroy();
      answers.from.destroy();
    }
    await closed;
  }

  #join(near: Socket): void {
    const far = connect(this.#target.port, this.#target.host);
    const pair: Pair = { requests: wayOf(near, far), answers: wayOf(far, near) };
    this.counts.connections += 1;
    this.#pairs.add(pair);
    this.#apply(pair);
    for (const way of [pair.requests, pair.answers]) {
      const { from, to } = way;
      from.on('error', () => undefined);
      from.on('data', (chunk) => {
        this.#pass(way, chunk);
      });
      to.on('drain', () => {
        this.#apply(pair);
      });
      from.on('end', () => {
        end(way, 'ended');
      });
      from.on('close', () => {
        end(way, 'closed');
        if (near.destroyed && far.destroyed) {
          this.#pairs.delete(pair);
        }
      });
    }
  }

  #pass(way: Way, chunk: Buffer): void {
    if (way.isLost) {
      this.counts.swallowedBytes += chunk.length;
    } else if (way.isBlocked) {
      this.counts.heldBack += 1;
      way.held.push(chunk);
      way.from.pause();
    } else if (!way.to.write(chunk)) {
      way.from.pause();
    }
  }

  #apply({ requests, answers }: Pair): void {
    open(requests, isBlocked(this.#blocked, 'requests'));
    open(answers, isBlocked(this.#blocked, 'answers'));
  }
}

/** One direction of a connection. */
interface Way {
  readonly from: Socket;
  readonly to: Socket;
  readonly held: Buffer[];
  isBlocked: boolean;
  isLost: boolean;
  /** How `from` has ended, which is told behind what is held. */
  ending: 'open' | 'ended' | 'closed';
}

interface Pair {
  readonly requests: Way;
  readonly answers: Way;
}

function wayOf(from: Socket, to: Socket): Way {
  return { from, to, held: [], isBlocked: false, isLost: false, ending: 'open' };
}

function isBlocked(blocked: Blocked, way: 'requests' | 'answers'): boolean {
  return blocked === 'both' || blocked === way;
}

function open(way: Way, isBlockedNow: boolean): void {
  way.isBlocked = isBlockedNow;
  if (isBlockedNow && !way.isLost) {
    return;
  }
  for (const chunk of way.held.splice(0)) {
    way.to.write(chunk);
  }
  way.from.resume();
  tellEnd(way);
}

function end(way: Way, ending: 'ended' | 'closed'): void {
  way.ending = ending;
  tellEnd(way);
}

function tellEnd({ to, ending, isBlocked: isHeld, isLost }: Way): void {
  if (isHeld || isLost || ending === 'open') {
    return;
  }
  if (ending === 'ended') {
    to.end();
  } else {
    to.destroy();
  }
}
