import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to one request on its way to the store:
 *   pass         it goes through
 *   refuse       it is answered with this status (503: slow down), and the store never sees it
 *   slow         it goes through after so many milliseconds
 *   lose-answer  the store does it, and the connection breaks before the answer
 *   late         the connection breaks at once, and so many milliseconds later the store does it all the same
 */
export type S3Fault =
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly status: number }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'late'; readonly ms: number };

export interface S3Request {
  readonly method: string;
  /** With the bucket, without the query. */
  readonly path: string;
}

/** Stands between a cluster and MinIO, and makes trouble when it is told to. */
export class S3Relay {
  /** Decides for each request; may be replaced at any time. */
  decide: (request: S3Request) => S3Fault = () => ({ kind: 'pass' });
  /** Requests that did not simply pass, and writes that the store did after it had been given up. */
  faults = 0;
  landedLate = 0;
  readonly #target: URL;
  readonly #server: Server;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => {
      void this.#serve(incoming, outgoing).catch(() => {
        outgoing.destroy();
      });
    });
  }

  static async open(target: string): Promise<S3Relay> {
    const relay = new S3Relay(target);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Nothing passes any more, and what is under way breaks. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming);
    const fault = this.decide({ method: incoming.method ?? '', path: (incoming.url ?? '').split('?')[0] ?? '' });
    this.faults += fault.kind === 'pass' ? 0 : 1;
    switch (fault.kind) {
      case 'pass':
        answer(outgoing, await this.#forward(incoming, body));
        break;
      case 'refuse':
        outgoing.writeHead(fault.status).end();
        break;
      case 'slow':
        await pause(fault.ms);
        answer(outgoing, await this.#forward(incoming, body));
        break;
      case 'lose-answer':
        await this.#forward(incoming, body);
        outgoing.destroy();
        break;
      case 'late':
        outgoing.destroy();
        await pause(fault.ms);
        this.landedLate += (await this.#forward(incoming, body)).status < 300 ? 1 : 0;
        break;
    }
  }

  /** The same request, byte by byte: its signature covers the host that the client named. */
  async #forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const onward = request(
        { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers, agent: false },
        (response) => {
          bodyOf(response).then(
            (bytes) => resolve({ status: response.statusCode ?? 500, headers: response.headers, body: bytes }),
            reject,
          );
        },
      );
      onward.once('error', reject);
      onward.end(body);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function answer(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers).end(body);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
