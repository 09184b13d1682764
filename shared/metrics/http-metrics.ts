import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { StreamError } from '../failure/failure.ts';
import type { MetricSample } from './metrics.ts';

/** Every exported name begins so; what follows is the name in docs/OPERATIONS.md. */
const PREFIX = 'nerve_';

export interface MetricsEndpointOptions {
  readonly host: string;
  /** 0 chooses one. */
  readonly port: number;
  /** What to export now; called for each scrape. */
  readonly samples: () => readonly MetricSample[];
}

export interface MetricsEndpoint {
  /** host:port */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics` in Prometheus' text format: our samples and the process' own (CPU, memory, event-loop lag).
 * @throws StreamError `metrics-port-unavailable`
 */
export async function openMetricsEndpoint(options: MetricsEndpointOptions): Promise<MetricsEndpoint> {
  const process = new Registry();
  collectDefaultMetrics({ register: process });
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('see /metrics\n');
      return;
    }
    Registry.merge([process, registryOf(options.samples())])
      .metrics()
      .then(
        (body) => response.writeHead(200, { 'content-type': process.contentType }).end(body),
        () => response.writeHead(500).end(),
      );
  });
  const port = await listen(server, options);
  return {
    address: `${options.host}:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}

/** A registry holding exactly these samples. Series of one name may differ in their labels: absent ones are empty. */
function registryOf(samples: readonly MetricSample[]): Registry {
  const registry = new Registry();
  const families = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const family = families.get(sample.name);
    if (family === undefined) {
      families.set(sample.name, [sample]);
    } else {
      family.push(sample);
    }
  }
  for (const [name, family] of families) {
    addFamily(registry, name, family);
  }
  return registry;
}

function addFamily(registry: Registry, name: string, family: readonly MetricSample[]): void {
  const labelNames = [...new Set(family.flatMap((sample) => Object.keys(sample.labels)))];
  const options = {
    name: PREFIX + name.replaceAll(/[^A-Za-z0-9_]/g, '_'),
    help: name,
    labelNames,
    registers: [registry],
  };
  if (family.every((sample) => sample.kind === 'counter')) {
    const counter = new Counter(options);
    for (const sample of family) {
      counter.inc({ ...sample.labels }, sample.value);
    }
    return;
  }
  const gauge = new Gauge(options);
  for (const sample of family) {
    gauge.set({ ...sample.labels }, sample.value);
  }
}

async function listen(server: Server, options: MetricsEndpointOptions): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new StreamError(
          {
            code: 'metrics-port-unavailable',
            reaction: 'fail-job',
            message: `the metrics endpoint cannot listen on ${options.host}:${options.port}: ${error.message}`,
            remedy: 'Choose another metrics.port, or 0 for any free one.',
          },
          { cause: error },
        ),
      );
    });
    server.listen(options.port, options.host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
  });
}
