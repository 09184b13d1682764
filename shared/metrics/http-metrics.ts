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
    render(process, options.samples).then(
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

/** Rejects where it fails, and never throws: a scrape must not end the process. */
async function render(process: Registry, samples: () => readonly MetricSample[]): Promise<string> {
  return await Registry.merge([process, registryOf(samples())]).metrics();
}

/**
 * A registry holding exactly these samples. Series of one name may differ in their labels: absent ones are empty. Names come
 * from users' functions too: those that Prometheus cannot spell are folded, and two that fold to one are one family.
 */
function registryOf(samples: readonly MetricSample[]): Registry {
  const registry = new Registry();
  const families = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const name = spelled(sample.name);
    const family = families.get(name);
    if (family === undefined) {
      families.set(name, [sample]);
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
  const series = family.map(({ labels, value }) => ({ labels: spelledLabels(labels), value }));
  const labelNames = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))];
  const options = { name: PREFIX + name, help: name, labelNames, registers: [registry] };
  // A "counter" that a function has counted down, or beyond all numbers, is no counter to Prometheus.
  if (family.every(({ kind, value }) => kind === 'counter' && value >= 0 && Number.isFinite(value))) {
    const counter = new Counter(options);
    for (const { labels, value } of series) {
      counter.inc(labels, value);
    }
    return;
  }
  const gauge = new Gauge(options);
  for (const { labels, value } of series) {
    gauge.set(labels, value);
  }
}

function spelled(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_]/g, '_');
}

function spelledLabels(labels: MetricSample['labels']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [spelled(name).replace(/^(?=\d)/, '_'), value]),
  );
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
