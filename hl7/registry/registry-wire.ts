// The Confluent REST API's answers, as far as we read them.
import type { JsonSchema } from '../schemas/record-schema.ts';

export function parseId(body: unknown): number | undefined {
  return isRecord(body) && typeof body['id'] === 'number' ? body['id'] : undefined;
}

/** `schema` is JSON in a string. */
export function parseSchemaText(body: unknown): JsonSchema | undefined {
  if (!isRecord(body) || typeof body['schema'] !== 'string') {
    return undefined;
  }
  try {
    const schema: unknown = JSON.parse(body['schema']);
    return isRecord(schema) ? schema : undefined;
  } catch {
    return undefined; // A schema that is no JSON (Avro names, Protobuf) is none of ours: the caller says so.
  }
}

/** `{ "error_code": 40401, "message": "…" }` */
export function parseErrorMessage(body: unknown): string {
  return isRecord(body) && typeof body['message'] === 'string' ? body['message'] : 'no reason given';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
