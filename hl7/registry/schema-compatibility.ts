import type { JsonSchema } from '../schemas/record-schema.ts';
import type { CompatibilityRule } from './schema-registry.ts';

/**
 * Whether a new version may follow the earlier ones (oldest first), by the part of the Confluent rules for JSON Schema that
 * decides for records like ours: open objects with required and optional properties. BACKWARD: readers with the new schema can
 * read old data; FORWARD: readers with an old schema can read new data. In an open object an old record may hold anything under a
 * name that the schema did not know, so ADDING a constrained property is not backward compatible there, while removing one is:
 * that is why our topics use FORWARD.
 */
export function compatibilityProblem(
  rule: CompatibilityRule,
  earlier: readonly JsonSchema[],
  next: JsonSchema,
): string | undefined {
  const compared = rule.endsWith('_TRANSITIVE') ? earlier : earlier.slice(-1);
  for (const version of compared) {
    const backward = rule.startsWith('BACKWARD') || rule.startsWith('FULL') ? unreadable(next, version, '') : undefined;
    const forward = rule.startsWith('FORWARD') || rule.startsWith('FULL') ? unreadable(version, next, '') : undefined;
    const problem = backward ?? forward;
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

/** Why data written by `writer` may not be readable by `reader`; undefined when it always is. */
function unreadable(reader: JsonSchema, writer: JsonSchema, path: string): string | undefined {
  const types = typesOf(reader);
  if (types !== undefined && !(typesOf(writer)?.every((type) => types.includes(type)) ?? false)) {
    return `TYPE_NARROWED at ${path === '' ? '/' : path}`;
  }
  const writerRequired = namesOf(writer['required']);
  const demanded = namesOf(reader['required']).find((name) => !writerRequired.includes(name));
  if (demanded !== undefined) {
    return `REQUIRED_ATTRIBUTE_ADDED at ${path}/${demanded}`;
  }
  const writerProperties = propertiesOf(writer);
  for (const [name, property] of Object.entries(propertiesOf(reader))) {
    const written = writerProperties[name];
    const problem =
      written === undefined
        ? `PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL at ${path}/${name}`
        : unreadable(property, written, `${path}/${name}`);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

function typesOf(schema: JsonSchema): readonly string[] | undefined {
  const type = schema['type'];
  return typeof type === 'string' ? [type] : Array.isArray(type) ? namesOf(type) : undefined;
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const properties = schema['properties'];
  const result: Record<string, JsonSchema> = {};
  if (isObject(properties)) {
    for (const [name, property] of Object.entries(properties)) {
      if (isObject(property)) {
        result[name] = property;
      }
    }
  }
  return result;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
