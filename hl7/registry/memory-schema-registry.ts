import type { JsonSchema } from '../schemas/record-schema.ts';
import { compatibilityProblem } from './schema-compatibility.ts';
import type {
  CompatibilityRule,
  RegisteredSchema,
  RegistryAnswer,
  SchemaId,
  SchemaRegistry,
} from './schema-registry.ts';

/** The registry's own default, as Confluent's. */
const defaultRule: CompatibilityRule = 'BACKWARD';

/** In-memory twin: what a registry does, and, when told, what happens while it is away. */
export class MemorySchemaRegistry implements SchemaRegistry {
  /** While true, every call answers `away`. */
  isAway = false;
  /** How often it was asked anything. */
  calls = 0;
  readonly #contents: string[] = [];
  readonly #subjects = new Map<string, RegisteredSchema[]>();
  readonly #rules = new Map<string, CompatibilityRule>();

  async register(subject: string, schema: JsonSchema, signal: AbortSignal): Promise<RegistryAnswer<SchemaId>> {
    return await this.#answer(signal, () => {
      const versions = this.#subjects.get(subject) ?? [];
      const content = JSON.stringify(schema);
      const known = versions.find((version) => JSON.stringify(version.schema) === content);
      if (known !== undefined) {
        return { kind: 'ok', value: known.id };
      }
      const rule = this.#rules.get(subject) ?? defaultRule;
      const problem = compatibilityProblem(
        rule,
        versions.map((version) => version.schema),
        schema,
      );
      if (problem !== undefined) {
        return { kind: 'incompatible', sentence: `The schema of ${subject} breaks ${rule}: ${problem}.` };
      }
      const id = this.#idOf(content);
      this.#subjects.set(subject, [...versions, { id, schema }]);
      return { kind: 'ok', value: id };
    });
  }

  async schemaOf(id: SchemaId, signal: AbortSignal): Promise<RegistryAnswer<JsonSchema>> {
    return await this.#answer(signal, () => {
      const found = [...this.#subjects.values()].flat().find((version) => version.id === id);
      return found === undefined ? { kind: 'not-found' } : { kind: 'ok', value: found.schema };
    });
  }

  async latest(subject: string, signal: AbortSignal): Promise<RegistryAnswer<RegisteredSchema>> {
    return await this.#answer(signal, () => {
      const found = this.#subjects.get(subject)?.at(-1);
      return found === undefined ? { kind: 'not-found' } : { kind: 'ok', value: found };
    });
  }

  async setCompatibility(subject: string, rule: CompatibilityRule, signal: AbortSignal): Promise<RegistryAnswer<void>> {
    return await this.#answer(signal, () => {
      this.#rules.set(subject, rule);
      return { kind: 'ok', value: undefined };
    });
  }

  #idOf(content: string): SchemaId {
    const known = this.#contents.indexOf(content);
    return known < 0 ? this.#contents.push(content) : known + 1;
  }

  async #answer<T>(signal: AbortSignal, decide: () => RegistryAnswer<T>): Promise<RegistryAnswer<T>> {
    signal.throwIfAborted();
    this.calls += 1;
    return await Promise.resolve(
      this.isAway ? { kind: 'away', sentence: 'The schema registry does not answer.' } : decide(),
    );
  }
}
