// An HTTP server that follows the documentation of the Confluent Schema Registry API (JSON Schema only), over the memory twin. For
// tests of the HTTP adapter: paths, status codes, error bodies and faults are those of the real thing.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { JsonSchema } from '../schemas/record-schema.ts';
import { MemorySchemaRegistry } from './memory-schema-registry.ts';
import type { CompatibilityRule, RegistryAnswer } from './schema-registry.ts';

export interface RegistryServer {
  readonly url: string;
  /** Every request as `METHOD path`, in order. */
  readonly requests: string[];
  /** Authorization headers seen. */
  readonly authorizations: (string | undefined)[];
  /** Answers the next requests with this status instead of its own; `hang`: not at all. */
  faults: (number | 'hang')[];
  close(): Promise<void>;
}

export async function startRegistryServer(): Promise<RegistryServer> {
  const registry = new MemorySchemaRegistry();
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    authorizations.push(request.headers.authorization);
    const fault = handle.faults.shift();
    if (fault === 'hang') {
      return;
    }
    if (fault !== undefined) {
      send(response, fault, { error_code: fault * 100, message: 'injected' });
      return;
    }
    answer(registry, request, response).catch((error: unknown) => send(response, 500, { message: String(error) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const handle: RegistryServer = {
    url: `http://127.0.0.1:${port}`,
    requests,
    authorizations,
    faults: [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return handle;
}

async function answer(
  registry: MemorySchemaRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { signal } = new AbortController();
  const body = await readBody(request);
  const path = (request.url ?? '').split('/').slice(1).map(decodeURIComponent);
  switch (`${request.method ?? ''} ${path[0] ?? ''} ${path.slice(2).join('/')}`) {
    case 'POST subjects versions': {
      const schema = JSON.parse(String(body['schema'])) as JsonSchema;
      reply(response, await registry.register(path[1] ?? '', schema, signal), (id) => ({ id }));
      return;
    }
    case 'GET subjects versions/latest': {
      reply(response, await registry.latest(path[1] ?? '', signal), ({ id, schema }) => ({
        subject: path[1],
        version: 1,
        id,
        schemaType: 'JSON',
        schema: JSON.stringify(schema),
      }));
      return;
    }
    case 'PUT config ': {
      const rule = body['compatibility'] as CompatibilityRule;
      reply(response, await registry.setCompatibility(path[1] ?? '', rule, signal), () => ({ compatibility: rule }));
      return;
    }
    default: {
      if (path[0] === 'schemas' && path[1] === 'ids') {
        reply(response, await registry.schemaOf(Number(path[2]), signal), (schema) => ({
          schemaType: 'JSON',
          schema: JSON.stringify(schema),
        }));
        return;
      }
      send(response, 404, { error_code: 404, message: 'HTTP 404 Not Found' });
    }
  }
}

function reply<T>(response: ServerResponse, answered: RegistryAnswer<T>, bodyOf: (value: T) => unknown): void {
  switch (answered.kind) {
    case 'ok': {
      send(response, 200, bodyOf(answered.value));
      return;
    }
    case 'not-found': {
      send(response, 404, { error_code: 40_401, message: 'Subject not found.' });
      return;
    }
    case 'incompatible': {
      send(response, 409, { error_code: 409, message: answered.sentence });
      return;
    }
    default: {
      send(response, 500, { error_code: 50_001, message: answered.sentence });
      return;
    }
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
