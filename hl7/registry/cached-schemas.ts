import type { JsonSchema } from '../schemas/record-schema.ts';
import type { RegistryAnswer, SchemaId, SchemaRegistry } from './schema-registry.ts';

/** Schemas kept by id. A deployment has tens; the bound keeps a producer of garbage ids from filling the heap. */
const cachedMax = 1_000;

/** Looks schemas up by id, each once: an id names one content for ever, so what is cached outlives the registry's absence. */
export class CachedSchemas {
  readonly #registry: SchemaRegistry;
  readonly #byId = new Map<SchemaId, JsonSchema>();

  constructor(registry: SchemaRegistry) {
    this.#registry = registry;
  }

  async schemaOf(id: SchemaId, signal: AbortSignal): Promise<RegistryAnswer<JsonSchema>> {
    const cached = this.#byId.get(id);
    if (cached !== undefined) {
      return { kind: 'ok', value: cached };
    }
    const answer = await this.#registry.schemaOf(id, signal);
    if (answer.kind === 'ok') {
      if (this.#byId.size >= cachedMax) {
        this.#byId.clear();
      }
      this.#byId.set(id, answer.value);
    }
    return answer;
  }
}
