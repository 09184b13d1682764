import type { JsonSchema } from '../schemas/record-schema.ts';

/** The registry's number for a schema's content; the same content has the same number under every subject. */
export type SchemaId = number;

/** The rules of the Confluent API. `…_TRANSITIVE` compares with every earlier version, the others with the latest. */
export type CompatibilityRule =
  'NONE' | 'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE';

export interface RegisteredSchema {
  readonly id: SchemaId;
  readonly schema: JsonSchema;
}

/**
 * What a registry answers. `away`: it could not be asked (connection, time-out, 5xx), so nothing is known and nothing was
 * decided; a later attempt may succeed. `refused`: it answered no, and asking again cannot help.
 */
export type RegistryAnswer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'incompatible'; readonly sentence: string }
  | { readonly kind: 'refused'; readonly sentence: string }
  | { readonly kind: 'away'; readonly sentence: string };

/**
 * A registry of JSON Schemas by subject (`<topic>-value`), as the Confluent REST API has it.
 *
 * Guarantees: `register` is idempotent; an id names one content for ever, so it may be cached without end; `setCompatibility`
 * holds for later registrations. Not guaranteed: that two calls see one state; that a registration that ended `away` did not
 * happen (repeat it: idempotence makes that safe). No call throws except on abort.
 */
export interface SchemaRegistry {
  /** Adds a version unless the subject has that content already. */
  register(subject: string, schema: JsonSchema, signal: AbortSignal): Promise<RegistryAnswer<SchemaId>>;
  schemaOf(id: SchemaId, signal: AbortSignal): Promise<RegistryAnswer<JsonSchema>>;
  latest(subject: string, signal: AbortSignal): Promise<RegistryAnswer<RegisteredSchema>>;
  setCompatibility(subject: string, rule: CompatibilityRule, signal: AbortSignal): Promise<RegistryAnswer<void>>;
}
