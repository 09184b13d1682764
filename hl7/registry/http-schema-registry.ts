import { setTimeout as delay } from 'node:timers/promises';
import type { JsonSchema } from '../schemas/record-schema.ts';
import { parseErrorMessage, parseId, parseSchemaText } from './registry-wire.ts';
import type {
  CompatibilityRule,
  RegisteredSchema,
  RegistryAnswer,
  SchemaId,
  SchemaRegistry,
} from './schema-registry.ts';

export interface HttpRegistryOptions {
  /** Such as `http://registry:8081`; several are tried in turn. Apicurio: its `/apis/ccompat/v7`. */
  readonly urls: readonly string[];
  /** HTTP basic authentication. */
  readonly basic?: { readonly user: string; readonly password: string } | undefined;
  /** Or a bearer token. */
  readonly bearer?: string | undefined;
  /** For one request. */
  readonly deadlineMs?: number;
  /** Attempts over all urls before a call answers `away`. */
  readonly attemptsMax?: number;
}

const contentType = 'application/vnd.schemaregistry.v1+json';
const defaultDeadlineMs = 3_000;
const defaultAttemptsMax = 4;
const backoffMs = 100;

/** The schema registry of the Confluent REST API: Confluent's own, Apicurio's ccompat, Redpanda's, Karapace. */
export class HttpSchemaRegistry implements SchemaRegistry {
  readonly #options: HttpRegistryOptions;

  constructor(options: HttpRegistryOptions) {
    this.#options = options;
  }

  async register(subject: string, schema: JsonSchema, signal: AbortSignal): Promise<RegistryAnswer<SchemaId>> {
    const body = { schemaType: 'JSON', schema: JSON.stringify(schema) };
    const reply = await this.#call('POST', `/subjects/${encodeURIComponent(subject)}/versions`, body, signal);
    return readReply(reply, parseId);
  }

  async schemaOf(id: SchemaId, signal: AbortSignal): Promise<RegistryAnswer<JsonSchema>> {
    return readReply(await this.#call('GET', `/schemas/ids/${id}`, undefined, signal), parseSchemaText);
  }

  async latest(subject: string, signal: AbortSignal): Promise<RegistryAnswer<RegisteredSchema>> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`;
    return readReply(await this.#call('GET', path, undefined, signal), (body) => {
      const id = parseId(body);
      const schema = parseSchemaText(body);
      return id === undefined || schema === undefined ? undefined : { id, schema };
    });
  }

  async setCompatibility(subject: string, rule: CompatibilityRule, signal: AbortSignal): Promise<RegistryAnswer<void>> {
    const reply = await this.#call('PUT', `/config/${encodeURIComponent(subject)}`, { compatibility: rule }, signal);
    const answer = readReply(reply, () => true);
    return answer.kind === 'ok' ? { kind: 'ok', value: undefined } : answer;
  }

  /** Tries the urls in turn. All calls are idempotent, so a lost answer may be asked for again. */
  async #call(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Reply> {
    const { urls, attemptsMax = defaultAttemptsMax } = this.#options;
    let last: Reply = { kind: 'lost', sentence: 'No schema registry is configured.' };
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (attempt > 0) {
        await delay(backoffMs * 2 ** (attempt - 1), undefined, { signal });
      }
      const url = urls[attempt % urls.length];
      last = url === undefined ? last : await this.#ask(method, `${url.replace(/\/+$/, '')}${path}`, body, signal);
      if (last.kind === 'status' && last.status < 500 && last.status !== 429) {
        return last;
      }
    }
    return last;
  }

  async #ask(method: string, url: string, body: unknown, signal: AbortSignal): Promise<Reply> {
    const deadline = AbortSignal.timeout(this.#options.deadlineMs ?? defaultDeadlineMs);
    try {
      const response = await fetch(url, {
        method,
        headers: this.#headers(),
        signal: AbortSignal.any([signal, deadline]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { kind: 'status', status: response.status, body: parseJson(text) };
    } catch (error) {
      signal.throwIfAborted();
      const what = deadline.aborted ? 'no answer in time' : error instanceof Error ? error.message : 'unknown error';
      return { kind: 'lost', sentence: `The schema registry at ${new URL(url).host} cannot be reached: ${what}.` };
    }
  }

  #headers(): Record<string, string> {
    const { basic, bearer } = this.#options;
    const headers: Record<string, string> = { accept: contentType, 'content-type': contentType };
    if (basic !== undefined) {
      headers['authorization'] = `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString('base64')}`;
    } else if (bearer !== undefined) {
      headers['authorization'] = `Bearer ${bearer}`;
    }
    return headers;
  }
}

type Reply =
  | { readonly kind: 'status'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'lost'; readonly sentence: string };

function readReply<T>(reply: Reply, parse: (body: unknown) => T | undefined): RegistryAnswer<T> {
  if (reply.kind === 'lost') {
    return { kind: 'away', sentence: reply.sentence };
  }
  const { status, body } = reply;
  if (status < 300) {
    const value = parse(body);
    return value === undefined
      ? { kind: 'refused', sentence: 'The schema registry answered with something that is no JSON Schema of its API.' }
      : { kind: 'ok', value };
  }
  const message = parseErrorMessage(body);
  if (status === 404) {
    return { kind: 'not-found' };
  }
  if (status === 409) {
    return { kind: 'incompatible', sentence: `The schema registry refuses the schema: ${message}` };
  }
  if (status >= 500 || status === 429) {
    return { kind: 'away', sentence: `The schema registry answers ${status}: ${message}` };
  }
  return { kind: 'refused', sentence: `The schema registry answers ${status}: ${message}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // An HTML error page of a proxy: its status says enough.
  }
}
