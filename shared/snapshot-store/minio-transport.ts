import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import https from 'node:https';

/** Silence on a connection after which the request is given up: a frozen server keeps its connections open for ever. */
const IDLE_MS_MAX = 10_000;

const currentSignal = new AsyncLocalStorage<AbortSignal>();

/** Runs `work` so that every request the minio client makes inside it ends when the signal aborts. */
export async function withSignal<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return await currentSignal.run(signal, work);
}

/**
 * The transport handed to the minio client, which has neither timeouts nor cancellation of its own (clients.md): requests
 * carry the caller's signal, and end when the connection is silent for too long.
 */
export class MinioTransport {
  readonly #base: typeof http | typeof https;
  readonly agent: http.Agent;

  constructor(useTls: boolean) {
    this.#base = useTls ? https : http;
    const options = { keepAlive: true, maxSockets: 16 };
    this.agent = useTls ? new https.Agent(options) : new http.Agent(options);
  }

  /** Shaped like `http.request`; the client always calls it with options and a callback. */
  request(options: https.RequestOptions, onResponse: (response: http.IncomingMessage) => void): http.ClientRequest {
    const signal = currentSignal.getStore();
    const request = this.#base.request(
      { ...options, agent: this.agent, ...(signal === undefined ? {} : { signal }) },
      onResponse,
    );
    request.setTimeout(IDLE_MS_MAX, () => {
      request.destroy(new Error(`no byte for ${IDLE_MS_MAX} ms`));
    });
    return request;
  }

  close(): void {
    this.agent.destroy();
  }
}
